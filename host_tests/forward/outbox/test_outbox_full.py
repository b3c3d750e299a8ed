"""An outbox that is full: minutes and hours instead of readings. Too much for MicroPython's heap in one piece."""

import os
import shutil

import pytest

from evencell.forward.outbox.outbox import MQTT
from host_tests.forward.outbox.test_outbox import HELD, NOON_S, Context, Rtc, delivered
from host_tests.storage.test_record_ring import with_power

READINGS = 2000  # every 10 s: 816 find room as they are, some of the others as minutes


def of_several(status: dict) -> tuple:
    return status["time"], status.get("thinned"), status.get("span_s"), status["cells_mv"][3]


def test_oldest_readings_become_minutes_and_hours():
    context = Context()
    context.clock.now_s = NOON_S
    context.read(READINGS)
    outbox = context.outbox
    found = delivered(outbox, MQTT, keep=of_several)
    assert {kind for _, kind, _, _ in found} == {None, "lowest", "mean", "highest"}
    assert {span_s for _, _, span_s, _ in found} == {None, 60, 3600}
    times = [found_s for found_s, _, _, _ in found]
    assert times == sorted(times) and times[0] <= NOON_S + 3600
    assert len(found) + outbox.thinned == READINGS - 1  # the newest is published
    for _, kind, span_s, level_mv in found:
        if span_s == 3600:
            assert abs(level_mv - {"lowest": 3300, "mean": 3310, "highest": 3320}[kind]) <= 2
    assert any("became values of 3600 s" in line for line in context.log.lines)


@pytest.mark.parametrize("every_s", [1200, 1800])
def test_up_to_three_readings_of_an_hour_stay_as_they_are(every_s):
    """Lowest, mean and highest would take as much room: as of a device that sleeps."""
    context = Context()
    context.clock.now_s = NOON_S
    context.read(1500, every_s=every_s)
    found = delivered(context.outbox, MQTT, keep=of_several)
    assert {kind for _, kind, _, _ in found} == {None}
    assert [time_s for time_s, _, _, _ in found] == list(range(NOON_S + every_s, NOON_S + 1500 * every_s, every_s))
    assert (context.outbox.thinned, context.outbox.dropped) == (0, 0)


def test_full_flash_drops_the_oldest():
    context = Context()
    context.clock.now_s = NOON_S
    context.read(READINGS, every_s=1800)
    assert context.outbox.dropped > 0 and any("dropped" in line for line in context.log.lines)
    assert delivered(context.outbox, MQTT, batches=1, keep=of_several)[0][0] > NOON_S + 1800
    assert sum(len(os.listdir(context.folder + "/journal4/" + name)) for name in ("all", "minutes", "hours")) <= 16 + 3


SEGMENT = 102  # readings: after so many more, the oldest of them have been thinned out
CUT_EVERY = 61  # steps of test_ring.py, which cuts at every single one


def minutes_of(statuses: list) -> set:
    """Every minute of which something is known."""
    found = set()
    for time_s, _, span_s, _ in statuses:
        found.update(range(time_s // 60, (time_s + (span_s or 1) - 1) // 60 + 1))
    return found


@pytest.mark.parametrize(("is_rtc_kept", "lost"), [(True, 0), (False, HELD)], ids=["crash", "power cut"])
def test_crash_or_power_cut_while_thinning_leaves_no_gap(is_rtc_kept, lost, tmp_path):
    context = Context()
    context.clock.now_s = NOON_S
    context.read(READINGS)
    shutil.copytree(context.folder, tmp_path / "full")
    steps, is_whole = 0, False
    while not is_whole:
        shutil.rmtree(context.folder)
        shutil.copytree(tmp_path / "full", context.folder)
        again = context.start_again()
        is_whole = with_power(steps, lambda again=again: again.read(SEGMENT + HELD))
        read_s = again.clock.now_s - (0 if is_whole else 10)  # the one that it was about to hold
        after = again.start_again() if is_rtc_kept else Context(rtc=Rtc(), storage=again.folder)
        found = delivered(after.outbox, MQTT, keep=of_several)
        last_s = read_s - 10 * lost
        assert minutes_of(found) >= set(range(NOON_S // 60 + 1, last_s // 60)), steps
        whole = {time_s for time_s, kind, _, _ in found if kind is None}
        assert whole >= set(range(last_s - 10 * 600, last_s, 10)), steps
        steps += CUT_EVERY
    assert steps > 40 * CUT_EVERY
