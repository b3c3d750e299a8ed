"""What the pages may know, and what of theirs is in memory. The same file runs on MicroPython."""

import sys

from evencell.display.view import CONFIG_TROUBLE, LINE_TROUBLE, LINK_TROUBLE, View
from evencell.link.diagnosis import SILENT, Diagnosis
from evencell.pack.alarms import CELL_COUNT
from evencell.pack.pack import ASLEEP, OFFLINE, ONLINE, STALE, Pack
from evencell.pack.temperature import TemperatureScale
from host_tests.fakes import FakeClock


class Thing:
    """Named values."""

    def __init__(self, **values):
        for name, value in values.items():
            setattr(self, name, value)


def new_view(language: str = "en", faults=()) -> View:
    """A view of one pack that was never read."""
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale(), None, Diagnosis(b""))
    config = {"display": {"language": language}}
    return View(Thing(clock=FakeClock(), hub=Thing(packs=[pack]), config_faults=list(faults), config=config))


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
