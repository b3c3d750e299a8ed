"""A device that sleeps supplies its balancer through the W switch for a reading alone."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tests.end_to_end.asleep import HOURS, Asleep, asleep
from tools.sim.supply import WLine

PACK = {"writable": True, "timeout_ms": 100}


@contextlib.contextmanager
def switched(tmp_path: Path, is_good: bool = True) -> Iterator[Asleep]:
    """A device with such a switch. `is_good`: its last reading had nothing against switching on."""
    control = {"w": {"enabled": True, "resistor": "off"}}
    with asleep(tmp_path, packs=[PACK], control=control, mqtt={"commands": True}) as device:
        folder = device.sleeper.folder
        device.balancer.w = WLine(str(folder / "w"), resistor_on=False)
        device.balancer.deaf_requests = 3
        (folder / "learned.json").write_text(json.dumps({"w:pack1": [int(is_good), 0, 0]}))
        yield device
        device.balancer.w.close()


def supplied_in(device: Asleep, **options) -> int:
    """How often the balancer was switched on in a wake; it is off again then."""
    before = device.balancer.supplied
    device.wake(**options)
    assert not device.balancer.has_supply()
    return device.balancer.supplied - before


def test_balancer_is_on_for_the_reading_alone_as_soon_as_it_answers(tmp_path):
    with switched(tmp_path) as device:
        device.wake(2)
        assert supplied_in(device) == 1
        first_ms = device.state.w_start_ms
        assert first_ms >= 300  # three requests without an answer
        assert supplied_in(device) == 1
        assert device.state.w_start_ms >= first_ms * 3 // 4
        device.balancer.deaf_requests = 0
        answered = device.balancer.answered
        assert supplied_in(device) == 1
        assert device.balancer.answered == answered + 2  # the first answer, and the reading
        assert device.state.packs[0].sequence == 3


def test_balancer_that_does_not_start_is_switched_off_and_reported_offline(tmp_path):
    with switched(tmp_path) as device:
        device.wake(2)
        device.balancer.deaf_requests = 1_000
        device.run_before("from evencell.power import supply\nsupply._FIRST_ANSWER_MS = 500\n")
        assert [supplied_in(device) for _ in range(3)] == [1, 1, 1]
        assert device.state.packs[0].misses == 3
        device.sync()
        assert device.listener.payloads("/pack1/link")[-1] == "offline"


@pytest.mark.parametrize("cells_mv", [None, (3301, 2400, 3299, 3300)])
def test_balancer_is_not_switched_on_where_no_reading_allows_it(tmp_path, cells_mv):
    with switched(tmp_path, is_good=cells_mv is not None) as device:
        device.wake(2)
        if cells_mv:
            device.balancer.cells_mv = cells_mv
            assert supplied_in(device) == 1  # which finds a cell below the limits of its chemistry
        assert [supplied_in(device) for _ in range(2)] == [0, 0]
        device.sync()
        assert device.listener.payloads("/pack1/link")[-1] == "asleep"
        assert json.loads((device.sleeper.folder / "learned.json").read_text().split("\n")[0])["w:pack1"][0] == 0


def test_balancer_is_on_while_a_command_is_carried_out(tmp_path):
    with switched(tmp_path) as device:
        device.sleeper.clock_s = device.sleeper.now_s
        device.wake(3)
        expires_s = int(device.sleeper.now_s + HOURS)
        command = json.dumps({"value": 25, "id": "a", "expires": expires_s})
        device.listener.say(f"evencell/{device.id}/pack1/set/trigger_mv", command)
        device.wake(cause="button")
        assert not device.balancer.has_supply()
        assert device.balancer.written == [("trigger_mv", 25)]
