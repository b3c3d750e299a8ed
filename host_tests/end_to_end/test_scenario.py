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


def drawn(screen: Screen, height: int = 24) -> list[str]:
    """The lines of a terminal of 80 columns."""
    console = Console(width=80, height=height, record=True, file=None)
    with console.capture() as capture:
        console.print(screen.panel(height))
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


def _with(tmp_path, **control):
    config = tmp_path / "config.json"
    content = {"control": control, "pins": {"w_output": 25}, "time": {"utc_offset_min": 60}}
    config.write_text(json.dumps(content))
    return config


def test_own_rules_and_limits_of_the_configuration_count(tmp_path):
    own = {"name": "even", "field": "delta_mv", "above": 20, "hysteresis": 10, "delay_s": 10, "text": "Cells differ"}
    limits = {"cell_max_mv": 3350}
    config = _with(tmp_path, rules=[own], limits=limits, policy={"preset": "always", "at_start": "on"})
    controlled = make("ride", config)
    screen = Screen("ride", 100, controlled)
    after(controlled, screen, 4)
    text = "\n".join(drawn(screen, 40))
    assert "WARNING Cells differ" in text and "rule even raised" in text
    assert "DANGER cell" in text and "above 3350 mV" in text
    assert controlled.state.reason.startswith("off: cell") and len(drawn(screen)) <= 24
    after(controlled, screen, 200)
    text = "\n".join(drawn(screen))
    assert "rule even cleared" in text and "Cells differ" not in text


def test_a_condition_of_the_time_counts_from_midnight_of_the_configured_zone(tmp_path):
    at_night = {"field": "time", "span": ["00:00", "01:00"]}
    config = _with(tmp_path, policy={"preset": "custom", "conditions": [at_night], "at_start": "off"})
    controlled = make("storage", config)
    screen = Screen("storage", 100, controlled)
    after(controlled, screen, 300)
    assert controlled.state.is_on is True
    after(controlled, screen, 100)
    assert controlled.state.reason == "off: it is not between 00:00 and 01:00"
    assert "day 1, 01:06" in drawn(screen)[-1]


def test_a_policy_by_w_switches_the_supply_and_writes_nothing(tmp_path):
    config = _with(tmp_path, policy={"preset": "storage", "by": "w"}, w={"enabled": True, "resistor": "off"})
    controlled = make("storage", config)
    screen = Screen("storage", 100, controlled)
    after(controlled, screen, 40)
    text = "\n".join(drawn(screen))
    assert "W off, read again in 53 min" in text and "switched off by W, values of 5 min ago" in text
    assert controlled.writes_s == []


def test_what_can_not_be_shown_is_one_sentence(tmp_path):
    assert_one_sentence(evencell("run", "--scenario", "ride"))
    refused = evencell("run", "--scenario", "ride", "--http", "127.0.0.1:8080")
    assert "leave out --http" in refused.stderr
    config = tmp_path / "config.json"
    config.write_text('{"control": {"policy": {"preset": "best"}}}')
    with Terminal([EVENCELL, "run", "--scenario", "ride", "--config", config]) as terminal:
        terminal.wait_for("control.policy.preset")
        assert terminal.wait() == 1
