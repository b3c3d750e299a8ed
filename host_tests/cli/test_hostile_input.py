"""What no program should have written, and where no output finds room: each gets a sentence, not a traceback."""

import errno
import json

import pytest
from click.testing import CliRunner

from tools.cli.main import main

NESTED = "[" * 5000 + "]" * 5000
CRASHES = [
    {"time": 10**20, "traceback": 5},
    {"time": -1e15, "version": ["0.1.0"], "traceback": None},
    {"time": "now", "traceback": f'  File "evencell/app.py", line {"9" * 5000}, in main'},
]


def run(*arguments, **options):
    """A command and its result; a bug in it is raised."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False, **options)


def test_a_file_that_is_nested_without_end_is_none(tmp_path):
    file, names = tmp_path / "nested.json", tmp_path / "names.txt"
    file.write_text(NESTED)
    names.write_text("evencell 0.1.0 names 0123abcd\n")
    sim = run("sim", "--link", tmp_path / "link", "--capture", file)
    assert (sim.exit_code, "no capture file" in sim.output) == (2, True)
    assert run("traceback", file, "--names", names).exit_code == 0


def test_failures_with_values_that_are_none_are_shown(tmp_path):
    file, names = tmp_path / "crashes.json", tmp_path / "names.txt"
    file.write_text(json.dumps({"crashes": CRASHES}))
    names.write_text("evencell 0.1.0 names 0123abcd\n")
    shown = run("traceback", file, "--names", names)
    assert (shown.exit_code, shown.output.count("no clock")) == (0, 3)


@pytest.mark.parametrize(
    ("token", "exit_code"), [("a\nb", 2), ("\udcff", 2), ("\u20ac", 2), ("\x1b[31m", 2), ("0123abcd\n", 1)]
)
def test_what_is_no_token_is_refused_and_the_end_of_a_line_is_not_a_part_of_it(tmp_path, token, exit_code):
    arguments = ("backup", "127.0.0.1:1", tmp_path / "backup.json", "--without-secrets")
    answer = run(*arguments, env={"EVENCELL_TOKEN": token})
    assert answer.exit_code == exit_code
    assert ("no token" if exit_code == 2 else "connection refused") in answer.output


def test_a_full_disk_is_said(monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tools.cli.boards.table", full)
    answer = run("boards")
    assert (answer.exit_code, "No space left" in answer.output) == (1, True)
