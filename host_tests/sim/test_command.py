"""`evencell sim` as a process: options, readiness, end."""

import signal

import pytest
from click.testing import CliRunner

from evencell.protocol.jk_balancer import CHARGING_LOWEST, DISCHARGING_HIGHEST
from host_tests.sim.helpers import CAPTURES, PATIENCE_S, ROOT, read_status, running
from tools.sim.command import sim

TWO_PACKS = ("--cells", "3301,3302,3299", "--cells", "3281,3280")


def test_simulator_answers_once_it_is_ready(tmp_path):
    link = tmp_path / "balancer"
    with running(link, "--cells", "3301,3302,3299,3300"):
        for _ in range(2):
            assert list(read_status(link).cells_mv)[:5] == [3301, 3302, 3299, 3300, 0]


def test_default_pack_is_in_use(tmp_path):
    link = tmp_path / "balancer"
    with running(link):
        first = read_status(link)
        assert first.cells_detected == 4
        assert first.balance_raw in (DISCHARGING_HIGHEST, CHARGING_LOWEST)
        assert any(read_status(link).cells_mv != first.cells_mv for _ in range(100))


def test_capture_is_replayed(tmp_path):
    link = tmp_path / "balancer"
    with running(link, "--capture", str(CAPTURES)):
        assert read_status(link).cells_detected == 20
        assert read_status(link).temperature_raw == 163


def test_each_address_is_a_balancer_of_its_own(tmp_path):
    link = tmp_path / "balancer"
    with running(link, "--address", "3", "--address", "7", *TWO_PACKS):
        assert list(read_status(link, 3).cells_mv)[:4] == [3301, 3302, 3299, 0]
        assert list(read_status(link, 7).cells_mv)[:4] == [3281, 3280, 0, 0]


def test_leaking_cell_drifts_from_the_others(tmp_path):
    link = tmp_path / "balancer"
    with running(link, "--cells", "3301,3302,3299", "--leakage-ma", "0,0,2000", "--speed", "1000"):
        assert any(read_status(link).cells_mv[2] < 3298 for _ in range(100))
        assert list(read_status(link).cells_mv)[:2] == [3301, 3302]


def test_cells_given_once_are_those_of_all(tmp_path):
    link = tmp_path / "balancer"
    with running(link, "--address", "1", "--address", "2", "--cells", "3301,3300"):
        assert read_status(link, 1).cells_mv == read_status(link, 2).cells_mv


def test_packs_in_use_differ(tmp_path):
    link = tmp_path / "balancer"
    with running(link, "--address", "1", "--address", "2", "--speed", "0"):
        first, second = read_status(link, 1), read_status(link, 2)
        assert first.cells_mv != second.cells_mv


def test_fault_may_be_that_of_one_balancer(tmp_path):
    link = tmp_path / "balancer"
    faults = ("--fault", "wire_off:1@2", "--fault", "cold@1")
    with running(link, "--address", "1", "--address", "2", "--cells", "3301,3300", *faults):
        assert (read_status(link, 1).cells_detected, read_status(link, 2).cells_detected) == (2, 1)
        assert read_status(link, 1).temperature_raw == -250
        assert read_status(link, 2).temperature_raw == 240


def test_second_simulator_does_not_take_the_link_of_a_running_one(tmp_path):
    link = tmp_path / "balancer"
    with running(link, "--cells", "3301,3300"):
        result = CliRunner().invoke(sim, ["--link", str(link)])
        assert result.exit_code == 2
        assert f"{link} is the link of a running simulator: end it or name another path" in result.stderr
        assert list(read_status(link).cells_mv)[:2] == [3301, 3300]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_simulator_and_its_link(tmp_path, number):
    link = tmp_path / "balancer"
    with running(link) as process:
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--cells", "3300"], "--cells: 1 given, 2 to 24"),
        (["--fault", "dead_cell:9"], "dead_cell:9: there are 4 cells"),
        (["--fault", "wire_off:3@2", "--address", "2", "--cells", "3300,3301"], "wire_off:3: there are 2 cells"),
        (["--cells", ",".join(["3300"] * 25)], "--cells: 25 given, 2 to 24"),
        (["--cells", "3300,5001"], "--cells: '5001' is no cell voltage: whole millivolts from 0 to 5000"),
        (["--cells", "3300,-1"], "--cells: '-1'"),
        (["--cells", "3300,3.3"], "--cells: '3.3'"),
        (["--cells", "3300,"], "--cells: ''"),
        (["--cells", "3300,3301", "--leakage-ma", "5"], "--leakage-ma: '5' is no whole number for each of 2 cells"),
        (["--cells", "3300,3301", "--leakage-ma", "5,-1"], "--leakage-ma: '5,-1'"),
        (["--capture", "/nowhere.json"], "--capture: /nowhere.json can't be read"),
        (["--capture", str(ROOT / "pyproject.toml")], "--capture: "),
        (["--capture", str(CAPTURES), "--cells", "3300,3300"], "--capture: "),
        (["--chemistry", "lead"], "lead"),
        (["--address", "2", "--address", "2"], "--address: 2 is given twice"),
        (["--address", "256"], "--address"),
        (["--address", "1", "--address", "2", "--address", "3", *TWO_PACKS], "--cells: given 2 times, --address 3"),
        (["--cells", "3300,3300", "--cells", "3300,3300"], "--cells: given 2 times, --address 1"),
        (["--capture", str(CAPTURES), "--address", "1", "--address", "2"], "--capture: replays a single balancer"),
        (["--fault", "silent@2"], "--fault: no balancer is at address 2"),
        (["--fault", "silent@x"], "--fault: 'x' is no address: it is a whole number from 0 to 255"),
        (["--fault", "echo@1"], "--fault: echo is a fault of the whole line"),
        (["--speed", "-1"], "--speed"),
    ],
)
def test_wrong_options_get_a_sentence_and_status_2(tmp_path, options, sentence):
    link = tmp_path / "balancer"
    result = CliRunner().invoke(sim, ["--link", str(link), *options])
    assert result.exit_code == 2
    assert sentence in result.output
    assert "ready" not in result.output
    assert not link.exists()


@pytest.mark.parametrize(
    ("name", "sentence"), [("", "exists and is no simulator's link"), ("no/where", "can't be made")]
)
def test_impossible_link_gets_a_sentence_and_status_2(tmp_path, name, sentence):
    result = CliRunner().invoke(sim, ["--link", str(tmp_path / name)])
    assert result.exit_code == 2
    assert sentence in result.output
    assert "ready" not in result.output
