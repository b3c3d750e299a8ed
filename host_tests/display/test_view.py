"""What the pages may know, and what of theirs is in memory. The same file runs on MicroPython."""

import sys

from evencell.display.view import CONFIG_TROUBLE, LINE_TROUBLE, LINK_TROUBLE, SETTING_TROUBLE, View
from evencell.link.diagnosis import SILENT, Diagnosis
from evencell.pack.alarms import CELL_COUNT
from evencell.pack.pack import ASLEEP, OFFLINE, ONLINE, STALE, Pack
from evencell.pack.temperature import TemperatureScale
from evencell.runtime.lazy import unload
from host_tests.fakes import FakeClock


class Thing:
    """Named values."""

    def __init__(self, **values):
        for name, value in values.items():
            setattr(self, name, value)


def new_view(language: str = "en", faults=()) -> View:
    """A view of one pack that was never read."""
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale(), None, Diagnosis(b""))
    of_pack = {"capacity_ah": 100, "cells": None, "chemistry": "lfp"}
    config = {"display": {"language": language}, "packs": [of_pack]}
    return View(
        Thing(clock=FakeClock(), hub=Thing(packs=[pack]), config_faults=list(faults), config=config, control=None)
    )


def read(view: View, **values):
    """A reading whose settings break no rule, but for these values."""
    pack = view.hub.packs[0]
    status = pack.accepted
    pack.sequence, pack.link = 1, ONLINE
    status.alarms, status.slots, status.cells_detected, status.cells_configured = 0, 4, 4, 4
    status.trigger_mv, status.max_balance_ma, status.balancing_raw = 5, 2000, 1
    for cell in range(4):
        status.cells_mv[cell] = 3312
    for name, value in values.items():
        setattr(status, name, value)
    return pack


def test_a_pack_of_which_nothing_is_known_yet_is_no_trouble():
    view = new_view()
    assert view.troubles(view.hub.packs[0]) == 0


def test_troubles_are_bits():
    view = new_view(faults=["a: b"])
    pack = view.hub.packs[0]
    pack.accepted.alarms = CELL_COUNT
    pack.link = OFFLINE
    pack.diagnosis.verdict = SILENT
    assert view.troubles(pack) == CELL_COUNT | LINK_TROUBLE | LINE_TROUBLE | CONFIG_TROUBLE


def test_asleep_is_no_trouble_and_late_is_one():
    view = new_view()
    pack = view.hub.packs[0]
    for link, bits in ((ONLINE, 0), (ASLEEP, 0), (STALE, LINK_TROUBLE), (OFFLINE, LINK_TROUBLE)):
        pack.link = link
        assert view.troubles(pack) == bits


def test_a_setting_that_breaks_a_rule_is_a_trouble_with_the_recommended_value():
    view = new_view()
    assert view.troubles(read(view)) == 0
    for values, found in (
        ({"trigger_mv": 4}, [("trigger_mv", 5)]),
        ({"trigger_mv": 4, "balancing_raw": 0}, [("trigger_mv", 5)]),
        ({"cells_configured": 5, "cells_detected": 5}, [("cell_count", None)]),
    ):
        view = new_view()
        pack = read(view, **values)
        assert (view.troubles(pack), view.broken_settings(pack)) == (SETTING_TROUBLE, found)


def test_no_setting_is_a_trouble_before_a_reading_or_beside_an_alarm():
    view = new_view()
    assert view.troubles(view.hub.packs[0]) == 0
    pack = read(view, trigger_mv=4, alarms=CELL_COUNT)
    assert view.troubles(pack) == CELL_COUNT
    pack.accepted.alarms = 0
    assert view.troubles(pack) == SETTING_TROUBLE


def test_what_a_policy_holds_on_or_off_is_no_trouble():
    view = new_view()
    pack = read(view, balancing_raw=1)
    pack.accepted.cells_mv[0] = 3700  # above the limits of the chemistry
    assert view.broken_settings(pack) == [("balancing_enabled", False)]
    policy = Thing(pack=pack, is_on=False, reason="off: asleep")
    view = new_view()
    view.context.control = Thing(states=[policy], config={"by": "w"})
    read(view).accepted.cells_mv[0] = 3700
    policy.pack = view.hub.packs[0]
    assert view.troubles(policy.pack) == 0


def test_advice_is_loaded_once_a_minute_and_not_kept():
    unload("evencell.control.advisor")  # another test may have it
    view = new_view()
    pack = read(view)
    assert view.troubles(pack) == 0
    assert "evencell.control.advisor" not in sys.modules
    pack.accepted.trigger_mv = 4
    for turn, bits in ((1, 0), (29, 0), (30, SETTING_TROUBLE), (31, SETTING_TROUBLE)):
        view.turn = turn
        assert view.troubles(pack) == bits


def test_advice_that_does_not_fit_into_memory_comes_a_minute_later():
    def fail(*_):
        raise MemoryError

    view = new_view()
    pack = read(view, trigger_mv=4)
    view.context.hub.packs = Thing(index=fail)
    assert view.troubles(pack) == 0
    view.context.hub.packs = [pack]
    for turn, bits in ((29, 0), (30, SETTING_TROUBLE)):
        view.turn = turn
        assert view.troubles(pack) == bits


def test_closing_a_page_unloads_all_it_loaded():
    view = new_view()
    view.load("render.prose")
    assert "evencell.display.render.prose" in sys.modules
    view.close()
    assert "evencell.display.render.prose" not in sys.modules


def test_each_pack_has_its_own_trend():
    view = new_view()
    pack = view.hub.packs[0]
    view.update()
    pack.sequence = 1
    pack.accepted.delta_mv, pack.accepted.pack_mv = 7, 13_250
    view.update()
    assert view.trend_of(pack).hour.deltas_mv[0] == 7
    assert view.trend_of(Thing(name="other")).hour.deltas_mv[0] != 7
