"""The command `evencell` against simulated balancers."""

import json

import pytest
from click.testing import CliRunner

from host_tests.end_to_end.chain import EVENCELL, FIXED, FIXED_MV, Simulator
from host_tests.end_to_end.command import assert_one_sentence, evencell
from host_tests.end_to_end.faulty_line import Terminal
from host_tests.end_to_end.web import has
from tools.cli import main

OF_A_CAPTURE = {"name", "kind", "origin", "request", "reply"}


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    with Simulator(tmp_path_factory.mktemp("balancer"), *FIXED) as simulator:
        yield simulator


def test_read_as_json(simulator):
    result = evencell("read", "--port", simulator.link, "--json")
    assert (result.returncode, result.stderr) == (0, "")
    expected = {"pack": "pack1", "pack_mv": 13200, "cells_mv": FIXED_MV, "delta_mv": 3, "highest_cell": 2}
    expected |= {"lowest_cell": 3, "temperature_c": 24.0, "temperature_raw": 240, "link": "online", "alarms": []}
    assert has(json.loads(result.stdout), expected)


def test_read_for_people(simulator):
    result = evencell("read", "--port", simulator.link)
    assert (result.returncode, result.stderr) == (0, "")
    assert "13.20 V" in result.stdout
    for cell, mark in ((1, ""), (2, "highest"), (3, "lowest"), (4, "")):
        line = next(line for line in result.stdout.splitlines() if f"cell  {cell}" in line)
        assert line.split()[2:] == [str(FIXED_MV[cell - 1]), "mV", *mark.split()]


def test_capture_grows_and_decodes_again(tmp_path, simulator):
    file = tmp_path / "mine.json"
    for _ in range(2):
        options = ("--count", 2, "--interval", 0, "--note", "at rest")
        assert evencell("capture", "--port", simulator.link, *options, file).returncode == 0
    entries = json.loads(file.read_text())
    assert len({entry["name"] for entry in entries}) == len(entries) == 4
    for entry in entries:
        assert entry.keys() >= OF_A_CAPTURE
        assert has(entry, {"kind": "recorded", "origin": "at rest", "request": "55 AA 01 FF 00 00 FF"})
    decoded = evencell("decode", "-", stdin="\n".join(entry["reply"] for entry in entries))
    assert decoded.returncode == 0
    for line in decoded.stdout.splitlines():
        assert has(json.loads(line), {"valid": True, "command": "status", "cells_mv": FIXED_MV})
    with Simulator(tmp_path, "--capture", file) as replay:
        assert str(FIXED_MV[0]) in evencell("read", "--port", replay.link).stdout


@pytest.mark.parametrize("content", ['{"name": "evencell"}', "[1, 2]", "no JSON", '"text"', "\x80"])
def test_capture_leaves_a_foreign_file_alone(tmp_path, simulator, content):
    file = tmp_path / "config.json"
    file.write_text(content, "latin-1")
    result = evencell("capture", "--port", simulator.link, "--count", 1, file)
    assert_one_sentence(result)
    assert file.read_text("latin-1") == content


def test_boards():
    result = evencell("boards")
    assert (result.returncode, result.stderr) == (0, "")
    for word in ("host", "esp32_generic", "UART", "DE"):
        assert word in result.stdout


def test_boards_says_all_about_one():
    result = evencell("boards", "lilygo_t_can485")
    assert (result.returncode, result.stderr) == (0, "")
    for word in ("boards have died at 13 V", "GPIO16, GPIO17, GPIO19", "MAX13487E", "turns by itself", "issue 35"):
        assert word in " ".join(result.stdout.split())
    assert "esp32_generic" not in result.stdout


def test_help_of_the_program():
    result = evencell("--help")
    assert (result.returncode, result.stderr) == (0, "")
    for name in ("sim", "run", "read", "watch", "capture", "decode", "set", "boards"):
        assert f"  {name} " in result.stdout


@pytest.mark.parametrize("command", ["", *main.commands])
def test_help_on_every_level(command):
    result = CliRunner().invoke(main, [*command.split(), "--help"], prog_name="evencell")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: evencell {command}".rstrip())


@pytest.mark.parametrize(
    "arguments",
    [
        "nonsense",
        "read",
        "read --port",
        "read --port /dev/null --address 256",
        "read --port /dev/null --temperature-scale 2",
        "watch --nonsense",
        "capture --port /dev/null",
        "capture --port /dev/null --count 0 file.json",
        "run --port /dev/null --profile huge",
        "run --port /dev/null --config /nowhere.json",
        "sim",
        "decode",
        "decode XY",
        "decode EB9",
        "decode -- -1",
        "boards nonsense",
    ],
)
def test_wrong_usage_has_status_2_and_says_why(arguments):
    result = CliRunner().invoke(main, arguments.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


@pytest.mark.parametrize("option", ["--http=8080", "--mqtt=host", "--http=127.0.0.1:0", "--http=127.0.0.1:65536"])
def test_an_address_that_is_none_has_status_2(simulator, option):
    result = evencell("run", "--port", simulator.link, option)
    assert result.returncode == 2
    assert "is not HOST:PORT" in result.stderr


def test_watch_draws_the_cells_until_ctrl_c(simulator):
    with Terminal([EVENCELL, "watch", "--port", simulator.link]) as terminal:
        for text in ("\x1b[?1049h", "cell  1", *(f"{voltage_mv} mV" for voltage_mv in FIXED_MV), "waiting"):
            terminal.wait_for(text)
        terminal.press(b"\x03")
        terminal.wait_for("\x1b[?1049l")
        terminal.wait_for("\x1b[?25h")
        assert terminal.wait() == 0
        assert "Traceback" not in terminal.screen()
        assert terminal.settings_now() == terminal.settings


def test_capture_keeps_what_it_has_when_it_is_interrupted(tmp_path, simulator):
    file = tmp_path / "mine.json"
    with Terminal([EVENCELL, "capture", "--port", simulator.link, file]) as terminal:
        terminal.wait_for("2/10: 74 bytes")
        terminal.press(b"\x03")
        assert terminal.wait() == 1
    assert len(json.loads(file.read_text())) >= 2
