"""`evencell run --scenario`: pack, policy and alarms on one screen."""

import json

import pytest
from rich.console import Console

from host_tests.end_to_end.chain import EVENCELL
from host_tests.end_to_end.command import assert_one_sentence, evencell
from host_tests.end_to_end.faulty_line import Terminal
from tools.cli.scenario import Screen, make
from tools.sim.scenarios import SCENARIOS

DAY_STEPS = 8640


def drawn(screen: Screen) -> list[str]:
    """The lines of a terminal of 80 columns."""
    console = Console(width=80, height=24, record=True, file=None)
    with console.capture() as capture:
        console.print(screen.panel())
    return capture.get().splitlines()


def after(controlled, screen: Screen, steps: int):
    for _ in range(steps):
        controlled.step()
        screen.note()


def test_it_draws_until_ctrl_c_and_leaves_the_terminal_as_it_was():
    with Terminal([EVENCELL, "run", "--scenario", "charge", "--speed", "1000"]) as terminal:
        terminal.wait_for("policy top")
        terminal.wait_for("below 3.40 V")
        terminal.press(b"\x03")
        assert terminal.wait() == 0
        terminal.wait_for("\x1b[?1049l")
        assert terminal.settings_now() == terminal.settings


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_fits_on_a_terminal_of_80_by_24(name):
    controlled = make(name, None)
    screen = Screen(name, 100, controlled)
    assert "Waiting" in "".join(drawn(screen))
    for _ in range(4):
        after(controlled, screen, DAY_STEPS // 8)
        lines = drawn(screen)
        assert len(lines) <= 24
        assert any("policy top" in line for line in lines)


def test_a_loose_wire_is_an_alarm_and_ends_balancing(tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"control": {"policy": {"preset": "always"}}}))
    controlled = make("wire_comes_loose", config)
    screen = Screen("wire_comes_loose", 100, controlled)
    after(controlled, screen, 180)
    text = "\n".join(drawn(screen))
    assert "ALARM wire resistance" in text and "alarm wire resistance raised" in text
    assert "off: the balancer reports" in text


def test_what_can_not_be_shown_is_one_sentence(tmp_path):
    assert_one_sentence(evencell("run", "--scenario", "ride"))
    refused = evencell("run", "--scenario", "ride", "--http", "127.0.0.1:8080")
    assert "leave out --http" in refused.stderr
    config = tmp_path / "config.json"
    config.write_text('{"control": {"policy": {"preset": "best"}}}')
    with Terminal([EVENCELL, "run", "--scenario", "ride", "--config", config]) as terminal:
        terminal.wait_for("control.policy.preset")
        assert terminal.wait() == 1
