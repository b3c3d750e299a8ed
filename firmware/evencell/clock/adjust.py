"""Sets the clock to the time of a source. Lazy, of clock.py."""

from evencell.compat import const

_EARLIEST_S = const(1_735_689_600)  # 2025: a clock with an earlier time was not set
_LATEST_S = const(4_102_444_800)  # 2100
_DAY_MS = const(86_400_000)
_MAX_SLEW_MS = const(1_000)  # a larger error is stepped
_DRIFT_AFTER_MS = const(14_400_000)  # 4 h: an error of 50 ms in a time is 3.5 ppm then, less than a crystal's own
_MAX_DRIFT_PPM = const(500)  # no crystal is so bad: one of the two times was wrong


def suggest(clock, unix_ms: int, source: str, trust: int) -> bool:
    """As Clock.suggest."""
    now_ms = clock.uptime_ms()
    if not _EARLIEST_S <= unix_ms // 1000 < _LATEST_S:
        return False
    if trust < clock.trust and now_ms - clock.set_ms < _DAY_MS:
        return False
    _correct(clock, now_ms, unix_ms, trust)
    clock.source_name, clock.trust, clock.set_ms = source, trust, now_ms
    if clock.board_set_time:
        clock.board_set_time((unix_ms + 500) // 1000)
    return True


def _correct(clock, now_ms: int, unix_ms: int, trust: int):
    shown_ms = clock.unix_ms_at(now_ms)  # before the drift changes: it is no reason to jump
    _measure_drift(clock, now_ms, unix_ms, trust)
    if shown_ms is None or abs(unix_ms - shown_ms) > _MAX_SLEW_MS:
        shown_ms = unix_ms
    clock.since_ms = now_ms
    clock.base_ms = shown_ms
    clock.error_ms = unix_ms - shown_ms


def _measure_drift(clock, now_ms: int, unix_ms: int, trust: int):
    """Over the whole span from a time of the same trust on. It is begun anew every day, and where two disagree."""
    since_ms, then_ms = clock.reference
    span_ms = now_ms - since_ms
    gained_ms = unix_ms - then_ms - span_ms
    is_other = trust != clock.trust or abs(gained_ms) > _MAX_SLEW_MS + span_ms * _MAX_DRIFT_PPM // 1_000_000
    if not is_other and span_ms >= _DRIFT_AFTER_MS:
        clock.drift_ppm = gained_ms * 1_000_000 // span_ms
    if is_other or span_ms >= _DAY_MS:
        clock.reference = now_ms, unix_ms
