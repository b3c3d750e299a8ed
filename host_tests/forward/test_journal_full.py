"""A journal that is full: minutes and hours instead of readings. Too much for MicroPython's heap in one piece."""

import os

from evencell.forward.journal import MQTT
from host_tests.forward.test_journal import NOON_S, Context, taken

READINGS = 2000  # every 10 s: 816 find room as they are, some of the others as minutes


def of_several(status: dict) -> tuple:
    return status["time"], status.get("thinned"), status.get("span_s"), status["cells_mv"][3]


def test_what_is_too_much_becomes_minutes_and_hours():
    context = Context()
    context.clock.now_s = NOON_S
    context.read(READINGS)
    journal = context.journal
    found = taken(journal, MQTT, keep=of_several)
    assert {kind for _, kind, _, _ in found} == {None, "lowest", "mean", "highest"}
    assert {span_s for _, _, span_s, _ in found} == {None, 60, 3600}
    times = [found_s for found_s, _, _, _ in found]
    assert times == sorted(times) and times[0] <= NOON_S + 3600
    assert len(found) + journal.thinned == READINGS - 1  # the newest is published
    for _, kind, span_s, level_mv in found:
        if span_s == 3600:
            assert abs(level_mv - {"lowest": 3300, "mean": 3310, "highest": 3320}[kind]) <= 2
    assert any("became values of 3600 s" in line for line in context.log.lines)


def test_when_all_is_full_the_oldest_goes():
    context = Context()
    context.clock.now_s = NOON_S
    context.read(READINGS, every_s=1800)
    assert context.journal.dropped > 0 and any("dropped" in line for line in context.log.lines)
    assert taken(context.journal, MQTT, batches=1, keep=of_several)[0][0] > NOON_S + 1800
    assert sum(len(os.listdir(context.folder + "/journal4/" + name)) for name in ("all", "minutes", "hours")) <= 16 + 3
