"""The page's password on the computer: the firmware takes its hash, and it is stored nowhere else."""

import asyncio
import json

from click.testing import CliRunner

from evencell.config.check import check
from evencell.forward.http.pbkdf2 import is_password
from tools.cli.main import main
from tools.dev.login import first_password


def is_taken(password: str, config: dict) -> bool:
    """Whether the firmware lets this password in."""
    settings, faults = check(config)
    return not faults and asyncio.run(is_password(password, settings["auth"]["password_hash"]))


def test_the_command_prints_a_line_of_the_configuration():
    result = CliRunner().invoke(main, ["password"], input="a long password\na long password\n")
    assert result.exit_code == 0
    line = result.stdout.splitlines()[-1]
    assert "a long password" not in line
    assert is_taken("a long password", json.loads(line))
    assert CliRunner().invoke(main, ["password"], input="short\nshort\n").exit_code == 2


def test_an_input_that_ends_is_not_taken_for_ctrl_c():
    result = CliRunner().invoke(main, ["password"], input="a long password\n")
    assert result.exit_code == 1
    assert "The input ended before everything was answered: run this in a terminal." in result.stderr


def test_the_first_start_makes_a_password_and_later_ones_keep_it(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"name": "Rear"}')
    password = first_password(tmp_path)
    config = json.loads(path.read_text())
    assert config["name"] == "Rear"
    assert password not in path.read_text()
    assert is_taken(password, config)
    assert first_password(tmp_path) is None
    assert json.loads(path.read_text()) == config


def test_a_damaged_configuration_is_left_alone(tmp_path):
    (tmp_path / "config.json").write_text("{")
    assert first_password(tmp_path) is None
    assert (tmp_path / "config.json").read_text() == "{"
