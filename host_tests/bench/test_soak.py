"""What the soak test counts as false: a state that was right neither when it came nor just before."""

import pytest

from tools.bench.soak import ExpectedFacts
from tools.sim.fault_table import FAULTS

RIGHT = {"cells_mv": [3301, 3302, 3299, 3300], "alarms": [], "trigger_mv": 5}
WIRE_OFF = {"cells_mv": [3301, None, 3299, 3300], "alarms": ["cell_count"], "trigger_mv": 5}


def test_fault_changes_the_expected_facts():
    expected = ExpectedFacts(settle_s=0)
    assert expected.match(RIGHT) and not expected.match(WIRE_OFF)
    expected.set_faults("wire_off:2")
    assert expected.match(WIRE_OFF) and not expected.match(RIGHT)
    expected.set_faults()
    assert expected.match(RIGHT) and not expected.match(WIRE_OFF)


def test_facts_before_and_after_a_change_are_right_until_settled():
    expected = ExpectedFacts("wire_off:2", settle_s=60)
    expected.set_faults()
    assert expected.match(RIGHT) and expected.match(WIRE_OFF)
    for wrong in ({"cells_mv": [3301, 0, 3299, 3300]}, {"alarms": ["cell_count", "overvoltage"]}, {"trigger_mv": 6}):
        assert not expected.match({**RIGHT, **wrong}), wrong


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_facts_of_each_fault_have_its_alarms(fault):
    alarms = [word.removeprefix("alarm ") for word in fault.leads_to if word.startswith("alarm ")]
    cells_mv = [3301, None if fault.name in ("wire_off", "dead_cell") else 3302, 3299, 3300]
    cells_mv += [None] * (fault.name == "count_mismatch")
    assert ExpectedFacts(fault.example, settle_s=0).match({"cells_mv": cells_mv, "alarms": alarms, "trigger_mv": 5})
