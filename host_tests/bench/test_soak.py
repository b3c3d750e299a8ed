"""What counts as false in a long run: a state that was not so when it came, nor just before."""

import pytest

from tools.bench.soak import Truth
from tools.sim.fault_table import FAULTS

RIGHT = {"cells_mv": [3301, 3302, 3299, 3300], "alarms": [], "trigger_mv": 5}
WIRE_OFF = {"cells_mv": [3301, None, 3299, 3300], "alarms": ["cell_count"], "trigger_mv": 5}


def test_a_fault_changes_what_is_true():
    truth = Truth(unsure_s=0)
    assert truth.holds(RIGHT) and not truth.holds(WIRE_OFF)
    truth.tell("wire_off:2")
    assert truth.holds(WIRE_OFF) and not truth.holds(RIGHT)
    truth.tell()
    assert truth.holds(RIGHT) and not truth.holds(WIRE_OFF)


def test_for_a_moment_what_was_and_what_is_are_true_and_nothing_else():
    truth = Truth("wire_off:2", unsure_s=60)
    truth.tell()
    assert truth.holds(RIGHT) and truth.holds(WIRE_OFF)
    for wrong in ({"cells_mv": [3301, 0, 3299, 3300]}, {"alarms": ["cell_count", "overvoltage"]}, {"trigger_mv": 6}):
        assert not truth.holds({**RIGHT, **wrong}), wrong


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_that_leads_to_an_alarm_has_it(fault):
    alarms = [word.removeprefix("alarm ") for word in fault.leads_to if word.startswith("alarm ")]
    cells_mv = [3301, None if fault.name == "wire_off" else 3302, 3299, 3300]
    cells_mv += [None] * (fault.name == "count_mismatch")
    assert Truth(fault.example, unsure_s=0).holds({"cells_mv": cells_mv, "alarms": alarms, "trigger_mv": 5})
