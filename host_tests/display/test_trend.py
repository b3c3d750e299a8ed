"""The rings of the trend."""

from evencell.display.trend import HOUR_STEP_MS, NOTHING, POINTS, Ring, Trend


class Reading:
    """What a trend looks at: a pack and its status in one."""

    def __init__(self, sequence, delta_mv, pack_mv):
        self.accepted = self
        self.sequence = sequence
        self.delta_mv = delta_mv
        self.pack_mv = pack_mv


def course(ring) -> list:
    """The ring's deltas, from the oldest to the newest, at the time of the last reading."""
    newest = ring._step % POINTS
    return [ring.deltas_mv[(newest + 1 + i) % POINTS] for i in range(POINTS)]


def test_at_first_nothing_is_known():
    assert set(Ring(1000).deltas_mv) == {NOTHING}


def test_a_step_has_its_largest_delta_and_its_last_voltage():
    ring = Ring(1000)
    for delta_mv, pack_mv in ((5, 13_300), (9, 13_200), (7, 13_250)):
        ring.put(2500, delta_mv, pack_mv)
    assert (ring.deltas_mv[2], ring.packs_cv[2]) == (9, 1325)


def test_step_without_a_reading_is_a_gap():
    ring = Ring(1000)
    ring.put(0, 5, 13_300)
    ring.put(3000, 6, 13_300)
    assert course(ring)[-5:] == [NOTHING, 5, NOTHING, NOTHING, 6]


def test_the_oldest_goes_when_the_ring_is_full():
    ring = Ring(1000)
    for step in range(POINTS + 3):
        ring.put(step * 1000, step, 13_300)
    assert course(ring) == list(range(3, POINTS + 3))


def test_after_a_long_silence_nothing_old_is_left():
    ring = Ring(1000)
    ring.put(0, 5, 13_300)
    ring.put(1_000_000, 6, 13_300)
    assert course(ring) == [NOTHING] * (POINTS - 1) + [6]


def test_reading_the_trend_later_advances_it():
    ring = Ring(1000)
    ring.put(0, 5, 13_300)
    ring.advance_to(2000)
    assert course(ring)[-3:] == [5, NOTHING, NOTHING]


def test_a_reading_counts_once():
    trend = Trend()
    trend.update(0, Reading(1, 5, 13_300))
    trend.update(HOUR_STEP_MS, Reading(1, 5, 13_300))
    assert course(trend.hour)[-1] == 5
    trend.update(HOUR_STEP_MS, Reading(2, 6, 13_300))
    assert course(trend.hour)[-2:] == [5, 6]


def test_a_pack_of_24_cells_fits():
    ring = Ring(1000)
    ring.put(0, 5, 100_800)
    assert ring.packs_cv[0] == 10_080


def test_reading_without_cells_is_not_added():
    trend = Trend()
    trend.update(0, Reading(1, None, 0))
    assert set(trend.hour.deltas_mv) == {NOTHING}
