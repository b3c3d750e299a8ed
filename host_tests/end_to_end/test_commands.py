"""The command `evencell` against simulated balancers."""

import json

import pytest
from click.testing import CliRunner

from host_tests.end_to_end.chain import EVENCELL, FIXED, FIXED_MV, Simulator
from host_tests.end_to_end.command import assert_one_sentence, evencell
from host_tests.end_to_end.faulty_line import Terminal
from host_tests.end_to_end.web import has
from tools.cli.main import COMMANDS, main
from tools.cli.watch import Axis

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


def test_dead_cell_is_named_and_diagnose_points_to_the_alarms(tmp_path):
    with Simulator(tmp_path, *FIXED, "--fault", "dead_cell:2") as faulty:
        result = evencell("read", "--port", faulty.link)
        assert "  cell  2  reads 0 V, though the balancer counts it" in result.stdout
        result = evencell("diagnose", "--quick", "--seconds", 1, "--port", faulty.link)
        assert result.returncode == 0
        told = "The line is ok; the pack has alarms: `evencell read` shows them."
        assert result.stdout.splitlines()[-1] == told


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


def test_boards_are_listed():
    result = evencell("boards")
    assert (result.returncode, result.stderr) == (0, "")
    for word in ("host", "esp32_generic", "UART", "DE"):
        assert word in result.stdout


def test_boards_prints_all_facts_of_one():
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


def test_one_line_helps_are_whole():
    result = CliRunner().invoke(main, ["--help"], terminal_width=80)
    commands = result.stdout.partition("Commands:")[2]
    assert commands and "..." not in commands
    assert max(map(len, commands.splitlines())) <= 80


@pytest.mark.parametrize("command", ["", *COMMANDS])
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
def test_invalid_address_has_status_2(simulator, option):
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


def test_watch_waits_for_a_port_that_is_gone(tmp_path):
    with (
        Simulator(tmp_path, *FIXED) as balancer,
        Terminal([EVENCELL, "watch", "--port", balancer.link]) as terminal,
    ):
        terminal.wait_for("3301 mV")
        balancer.kill()
        terminal.wait_for("it is gone")
        balancer.use("--cells", "3401,3402,3399,3400")
        balancer.start()
        terminal.wait_for("3401 mV")
        terminal.press(b"\x03")
        assert terminal.wait() == 0
        assert "Traceback" not in terminal.screen()


def test_watch_without_a_terminal_is_refused(simulator):
    assert_one_sentence(evencell("watch", "--port", simulator.link))


def test_axis_of_watch_is_stable_and_as_wide_for_few_millivolts_as_for_none():
    axis = Axis()
    axis.fit(3300, 3304)
    four = axis.column(3304) - axis.column(3300)
    assert (axis.span_mv, four) == (50, 3)
    low_mv = axis.low_mv
    for step_mv in range(20):
        axis.fit(3300 + step_mv, 3304 + step_mv)
    assert (axis.low_mv, axis.span_mv) == (low_mv, 50)
    axis.fit(3300, 3700)
    assert axis.column(3700) - axis.column(3300) > 8 * four
    assert axis.span_mv == 500
    axis.fit(3300, 3560)
    assert axis.span_mv == 500
    axis.fit(3300, 3304)
    assert axis.span_mv == 50
    axis.fit(1, 4999)
    assert (axis.column(1) >= 0, axis.column(4999) < 40) == (True, True)


def test_empty_port_is_wrong_usage():
    for command in ("read", "watch", "diagnose", "console", "run", "capture x.json", "set trigger_mv 10"):
        result = CliRunner().invoke(main, [*command.split(), "--port", " "])
        assert (result.exit_code, result.stdout) == (2, "")
        assert "it is empty" in result.stderr


def test_capture_into_an_unwritable_folder_fails_before_recording(tmp_path, simulator):
    result = evencell("capture", "--port", simulator.link, tmp_path / "nowhere" / "x.json")
    assert_one_sentence(result)
    assert "can't be written" in result.stderr


def test_unwritable_pictures_give_one_sentence():
    assert_one_sentence(evencell("screens", "--out", "/dev/null/x"))


def test_capture_keeps_what_it_has_when_it_is_interrupted(tmp_path, simulator):
    file = tmp_path / "mine.json"
    with Terminal([EVENCELL, "capture", "--port", simulator.link, file]) as terminal:
        terminal.wait_for("2/10: 74 bytes")
        terminal.press(b"\x03")
        terminal.wait_for("To send it in")
        assert terminal.wait() == 0
        assert "Aborted" not in terminal.screen()
    assert len(json.loads(file.read_text())) >= 2
