"""What each setting should be, why, and which rule is broken."""

from evencell.control.advisor import advise
from evencell.control.state import PolicyState
from evencell.pack.status import Status

_MODEL = "jk_b2a4s"


class _Pack:
    name, model = "pack1", _MODEL

    def __init__(self, trigger_mv=10, max_balance_ma=2000, cells=4, is_on=True, cells_mv=(3310, 3312, 3311, 3313)):
        status = self.accepted = Status()
        status.trigger_mv, status.max_balance_ma = trigger_mv, max_balance_ma
        status.cells_configured, status.balancing_raw = cells, int(is_on)
        status.slots = status.cells_detected = len(cells_mv)
        status.alarms = 0
        for i, cell_mv in enumerate(cells_mv):
            status.cells_mv[i] = cell_mv


def _advice(pack, capacity_ah=20, age_ms=1000, chemistry="lfp", control=None) -> dict:
    config = {"capacity_ah": capacity_ah, "cells": None, "chemistry": chemistry}
    return {advice["setting"]: advice for advice in advise(pack, config, age_ms, None, control)}


class _Control:
    """A policy that has decided."""

    def __init__(self, pack, is_on, reason: str, by="f6"):
        state = PolicyState(pack, {}, 0)
        state.is_on, state.reason = is_on, reason
        other = _Pack()
        other.name = "pack2"
        self.states = [PolicyState(other, {}, 0), state]
        self.config = {"by": by}


def _switch(pack, *policy, **options) -> tuple:
    """What is advised about the switch while a policy is in this state."""
    found = _advice(pack, control=_Control(pack, *policy), **options)["balancing_enabled"]
    return found["recommended"], found["reason"], found["broken"]


def test_settings_as_the_manual_has_them_break_no_rule():
    advice = _advice(_Pack())
    assert [each["recommended"] for each in (advice[name] for name in sorted(advice))] == [True, 4, 2000, 10]
    assert not any(each["warning"] or each["broken"] for each in advice.values())


def test_without_a_reading_there_is_none():
    assert _advice(_Pack(), age_ms=None) == {}


def test_the_trigger_follows_the_capacity():
    assert _advice(_Pack(), capacity_ah=50)["trigger_mv"]["recommended"] == 10
    assert _advice(_Pack(), capacity_ah=60)["trigger_mv"]["recommended"] == 5


def test_a_trigger_below_the_accuracy_is_a_warning():
    assert "below the balancer's accuracy" in _advice(_Pack(trigger_mv=4))["trigger_mv"]["broken"]
    assert not _advice(_Pack(trigger_mv=5))["trigger_mv"]["warning"]


def test_a_current_above_a_tenth_of_the_capacity_is_a_warning():
    advice = _advice(_Pack(max_balance_ma=1100), capacity_ah=10)["max_balance_ma"]
    assert (advice["recommended"], advice["warning"]) == (1000, True)
    assert "above 0.1 C of 10 Ah" in advice["broken"]
    small = _advice(_Pack(max_balance_ma=300), capacity_ah=2)["max_balance_ma"]
    assert (small["recommended"], small["warning"]) == (300, True)
    assert "Even the smallest current" in small["broken"]


def test_another_number_of_cells_is_a_warning_and_so_is_one_that_the_model_cannot_have():
    assert (
        "detects 4 cells" in _advice(_Pack(cells=3))["cell_count"]["broken"]
        or "no jk_b2a4s" in (_advice(_Pack(cells=3))["cell_count"]["broken"])
    )
    advice = _advice(_Pack(cells=5, cells_mv=(3310,) * 5))
    assert "no jk_b2a4s can be" in advice["cell_count"]["broken"]
    assert advice["cell_count"]["recommended"] is None
    assert advice["trigger_mv"]["broken"] is None


def test_balancing_that_should_be_off_is_a_warning_only_while_it_is_on():
    low = (2400, 3312, 3311, 3313)
    advice = _advice(_Pack(cells_mv=low))["balancing_enabled"]
    assert (advice["recommended"], advice["warning"]) == (False, True)
    assert "cell 1 has 2400 mV" in advice["broken"]
    assert not _advice(_Pack(cells_mv=low, is_on=False))["balancing_enabled"]["warning"]
    assert "not known" in _advice(_Pack(), chemistry="custom")["balancing_enabled"]["broken"]


def test_a_policy_is_advised_as_it_decides_and_breaks_no_rule():
    for is_on, policy, expected in (
        (True, (False, "off: not worth it"), (False, "The balance policy wants it off: not worth it", None)),
        (False, (True, "on: always"), (True, "The balance policy wants it on: always", None)),
        (False, (False, "off for 5 s more: x"), (False, "The balance policy wants it off: off for 5 s more: x", None)),
        (True, (None, "waiting for the first decision"), (True, "No reason against balancing.", None)),
    ):
        assert _switch(_Pack(is_on=is_on), *policy) == expected


def test_what_forbids_balancing_is_a_warning_with_a_policy_too():
    """The policy switches it off, but its write may have to wait."""
    found = _switch(_Pack(cells_mv=(2400, 3312, 3311, 3313)), False, "off: cell 1 is low")
    assert found[0] is False and "cell 1 has 2400 mV" in found[2]


def test_the_w_switch_needs_the_setting_on_also_while_the_balancer_is_off():
    kept_on = (True, "The W switch carries out the balance policy, so this stays on.", None)
    for cells_mv, age_ms in (((2400, 3312, 3311, 3313), 1000), ((3310, 3312, 3311, 3313), 3_000_000)):
        pack = _Pack(cells_mv=cells_mv)
        assert _switch(pack, False, "off: not worth it", "w", age_ms=age_ms) == kept_on


def test_an_old_reading_is_no_broken_rule():
    found = _advice(_Pack(), age_ms=60_000)["balancing_enabled"]
    assert (found["recommended"], found["broken"]) == (None, None)
    assert found["reason"] == "The last reading is older than 10 s."
