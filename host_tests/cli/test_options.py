"""Options of the command line: numbers are finite, addresses are hosts, and what reaches the firmware arrives whole."""

import json
import subprocess

import click
import pytest

from host_tests.portable import ROOT
from tools.cli.main import main
from tools.cli.options import FiniteRange
from tools.dev import device


def commands():
    """Every command of `evencell`."""
    context = click.Context(main)
    return [main.get_command(context, name) for name in main.list_commands(context)]


def test_no_option_takes_a_number_that_is_not_finite():
    floats = [
        parameter
        for command in commands()
        for parameter in command.params
        if isinstance(parameter.type, click.types.FloatParamType)
    ]
    assert len(floats) >= 8
    for parameter in floats:
        assert isinstance(parameter.type, FiniteRange), parameter.name
        for text in ("nan", "NaN", "inf", "-inf", "1e400", "-1e400"):
            with pytest.raises(click.BadParameter):
                parameter.type.convert(text, parameter, None)
    assert FiniteRange(0, 10).convert("2.5", None, None) == 2.5


@pytest.mark.parametrize(
    "text",
    [
        "mqtt://host:1883",
        "host",
        "host:",
        ":1883",
        "me:hunter2@host:1883",
        "host:1883/x",
        "a b:1",
        "host:0",
        "host:70000",
        "",
    ],
)
def test_address_of_an_option_is_a_host_and_a_port(text):
    with pytest.raises(ValueError, match="is not HOST:PORT") as error:
        device.host_and_port(text, "--mqtt")
    assert "hunter2" not in str(error.value)


def test_valid_addresses_are_accepted():
    for text, address in (
        ("host:1883", ("host", 1883)),
        (" 127.0.0.1:80 ", ("127.0.0.1", 80)),
        ("[::1]:8080", ("::1", 8080)),
    ):
        assert device.host_and_port(text, "--mqtt") == address


def test_text_reaches_the_firmware_as_it_was_given(tmp_path):
    """MicroPython's JSON does not join the surrogate pairs that other programs write."""
    folder = tmp_path / "Akku \N{BATTERY}"
    environment = device.environment("/dev/null", folder)
    script = "from boards.host import Board; print(Board().storage)"
    environment["MICROPYPATH"] = f"{ROOT}:{ROOT}/firmware:.frozen"
    result = subprocess.run([device.micropython(), "-c", script], env=environment, capture_output=True, check=True)
    assert result.stdout.decode().strip() == str(folder)
    assert json.loads(environment[device.SETTINGS_VARIABLE])["data"] == str(folder)
