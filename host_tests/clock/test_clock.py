from evencell.clock.clock import Clock

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
NOON_MS = 1_800_000_000_000  # some time in 2027
SNTP = 3
BROWSER = 1


class ScriptedClock(Clock):
    """A clock whose uptime and system time are what a test says."""

    def __init__(self, set_time=None):
        self.now_ms = 5_000
        self.system_ms = 1_000  # 1970: it was not set
        self.held_up_ms = 0
        super().__init__(set_time)

    def uptime_ms(self) -> int:
        return self.now_ms

    def _system_ms(self) -> int:
        self.now_ms += self.held_up_ms
        self.system_ms += self.held_up_ms
        return self.system_ms

    def believes(self, unix_ms: int, trust: int = SNTP) -> bool:
        return self.suggest(unix_ms, "source %d" % trust, trust)


def shown_every_ms(clock, milliseconds: int) -> list:
    """The time of day at each of so many milliseconds."""
    shown = []
    for _ in range(milliseconds):
        clock.now_ms += 1
        shown.append(clock.unix_ms())
    return shown


def test_time_is_unknown_after_power_on():
    clock = ScriptedClock()
    assert (clock.unix_ms(), clock.unix_s(), clock.unix_s_at(1_000)) == (None, None, None)
    assert (clock.source, clock.age_s) == (None, None)


def test_system_clock_is_used_if_it_was_set():
    clock = Clock()
    assert clock.source in ("system", None)
    if clock.source:
        assert clock.unix_ms() // 1000 >= 1_735_689_600
        assert clock.unix_s() >= clock.unix_s_at(0)


def test_set_system_clock_is_followed_until_a_source_answers():
    clock = ScriptedClock()
    clock.system_ms = NOON_MS
    assert (clock.unix_ms(), clock.source, clock.age_s) == (NOON_MS, "system", None)
    clock.system_ms += HOUR_MS
    assert clock.unix_ms() == NOON_MS + HOUR_MS
    assert clock.believes(NOON_MS, BROWSER)
    clock.system_ms += HOUR_MS
    assert (clock.unix_ms(), clock.source) == (NOON_MS, "source 1")


def test_uptime_keeps_its_date_while_the_system_clock_jitters():
    clock = ScriptedClock()
    clock.system_ms = NOON_MS
    assert clock.unix_s_at(5_000) == NOON_MS // 1000
    clock.now_ms += 60_000
    clock.system_ms += 60_000 - 90
    assert clock.unix_s_at(5_000) == NOON_MS // 1000


def test_uptime_keeps_its_date_on_a_busy_computer():
    clock = ScriptedClock()
    clock.system_ms = NOON_MS
    assert clock.unix_s_at(5_000) == NOON_MS // 1000
    clock.held_up_ms = 5000  # between its looks at the two clocks
    assert clock.unix_s_at(5_000) == NOON_MS // 1000
    clock.held_up_ms = 0
    assert clock.unix_s_at(5_000) == NOON_MS // 1000


def test_uptime_is_dated_afterwards():
    clock = ScriptedClock()
    clock.now_ms = 60_000
    assert clock.believes(NOON_MS)
    assert clock.unix_s_at(10_000) == NOON_MS // 1000 - 50
    assert clock.unix_s_at(59_999) == NOON_MS // 1000 - 1
    clock.now_ms = 90_000
    assert (clock.unix_s(), clock.age_s, clock.source) == (NOON_MS // 1000 + 30, 30, "source 3")
    assert clock.unix_s_at(10_000) == NOON_MS // 1000 - 50


def test_only_a_time_from_2025_to_2100_is_accepted():
    clock = ScriptedClock()
    for wrong_ms in (0, -1, 1_735_689_599_999, 4_102_444_800_000, 1 << 70):
        assert not clock.believes(wrong_ms)
    assert clock.source is None
    assert clock.believes(4_102_444_799_999) and clock.believes(1_735_689_600_000)


def test_a_worse_source_counts_only_when_a_better_one_was_silent_for_a_day():
    clock = ScriptedClock()
    assert clock.believes(NOON_MS, BROWSER)
    assert clock.believes(NOON_MS + HOUR_MS)
    clock.now_ms += DAY_MS - 1
    assert not clock.believes(NOON_MS, BROWSER)
    clock.now_ms += 1
    assert clock.believes(NOON_MS, BROWSER)
    assert clock.source == "source 1"


def test_a_large_error_is_stepped_forwards_and_backwards():
    clock = ScriptedClock()
    clock.believes(NOON_MS)
    for error_ms in (1_001, -1_001):
        right_ms = clock.unix_ms() + error_ms
        clock.believes(right_ms)
        assert clock.unix_ms() == right_ms


def test_a_small_error_is_slewed_by_a_millisecond_a_second():
    for error_ms in (1_000, -1_000):
        clock = ScriptedClock()
        clock.believes(NOON_MS)
        clock.believes(NOON_MS + error_ms)
        assert clock.unix_ms() == NOON_MS
        clock.now_ms += 500_000
        assert clock.unix_ms() == NOON_MS + 500_000 + error_ms // 2
        clock.now_ms += 500_000
        assert clock.unix_ms() == NOON_MS + 1_000_000 + error_ms
        clock.now_ms += HOUR_MS
        assert clock.unix_ms() == NOON_MS + 1_000_000 + HOUR_MS + error_ms


def drifting(ppm: int, hours: int) -> ScriptedClock:
    """A clock whose uptime is slow by `ppm`, after so many hours with a right time in each."""
    clock = ScriptedClock()
    for hour in range(hours + 1):
        clock.now_ms = 5_000 + hour * HOUR_MS
        clock.believes(NOON_MS + hour * HOUR_MS + hour * HOUR_MS * ppm // 1_000_000)
    return clock


def test_no_reading_is_earlier_than_the_one_before_while_it_is_slewed():
    for ppm in (-499, 0, 499):
        clock = drifting(ppm, 4)
        assert abs(clock.drift_ppm - ppm) <= 1
        for error_ms in (-1_000, 1_000, -3):
            before_ms = clock.unix_ms()
            clock.believes(before_ms + error_ms)
            shown = shown_every_ms(clock, 4_000)
            assert shown[0] >= before_ms and shown == sorted(shown)


def test_a_drift_just_measured_does_not_move_the_time_that_is_shown():
    for ppm in (-40, 40):
        clock = drifting(ppm, 0)
        clock.now_ms += 6 * HOUR_MS
        before_ms = clock.unix_ms()
        assert clock.believes(before_ms + 6 * HOUR_MS * ppm // 1_000_000)
        assert abs(clock.drift_ppm - ppm) <= 1
        assert clock.unix_ms() == before_ms


def test_drift_is_measured_after_four_hours_and_applied():
    for ppm in (-120, 40):
        assert drifting(ppm, 3).drift_ppm == 0
        clock = drifting(ppm, 6)
        assert abs(clock.drift_ppm - ppm) <= 1
        right_ms = clock.unix_ms() + DAY_MS + DAY_MS * ppm // 1_000_000
        clock.now_ms += DAY_MS
        # What was still to be slewed is at most what an hour's drift left.
        assert abs(clock.unix_ms() - right_ms) < 100 + abs(HOUR_MS * ppm // 1_000_000)


def test_drift_is_measured_again_every_day():
    clock = drifting(40, 24)
    clock.now_ms += 6 * HOUR_MS
    clock.believes(NOON_MS + 30 * HOUR_MS + 24 * HOUR_MS * 40 // 1_000_000 - 6 * HOUR_MS * 40 // 1_000_000)
    assert abs(clock.drift_ppm + 40) <= 1


def test_implausible_drift_is_ignored():
    clock = drifting(40, 4)
    clock.now_ms += HOUR_MS
    clock.believes(clock.unix_ms() + 60_000)
    assert abs(clock.drift_ppm - 40) <= 1
    clock.now_ms += 4 * HOUR_MS
    clock.believes(clock.unix_ms())
    assert abs(clock.drift_ppm - 40) <= 1


def test_times_of_different_trust_measure_no_drift():
    clock = ScriptedClock()
    clock.believes(NOON_MS, BROWSER)
    clock.now_ms += 10 * HOUR_MS
    clock.believes(NOON_MS + 10 * HOUR_MS + 900)
    assert clock.drift_ppm == 0


def test_board_keeps_every_accepted_time():
    kept = []
    clock = ScriptedClock(kept.append)
    clock.believes(NOON_MS + 499)
    clock.believes(NOON_MS + 500)
    clock.believes(7)
    clock.believes(NOON_MS, BROWSER)
    assert kept == [NOON_MS // 1000, NOON_MS // 1000 + 1]


def test_unix_time_becomes_date_and_time_in_utc():
    assert ScriptedClock().utc(1_795_410_631) == (2026, 11, 23, 5, 10, 31)
