"""Whether this wake reports: when a report is due, at a new alarm, at a button, and where no record finds room."""

from evencell.compat import const
from evencell.pack.low_level import RADIO_OFF
from evencell.runtime.backoff import Backoff

OFFLINE_MISSES = const(3)
_FIRST_PAUSE_S = const(300)
_MAX_PAUSE_S = const(3_600)  # at least


def is_due(state, now_s: int, is_asked: bool) -> bool:
    """`is_asked`: by a button, or for want of room. After a failed report only its time counts.

    Without `report_s` there are beacons alone.
    """
    if not state.report_s:
        return False
    if state.level >= RADIO_OFF and state.reported_level >= RADIO_OFF:
        return False
    if now_s >= state.report_due_s:
        return True
    if state.failed_reports:
        return False
    return is_asked or state.level != state.reported_level or any(_has_news(pack) for pack in state.packs)


def _has_news(pack) -> bool:
    """Whether there is an alarm that was not reported, or the balancer stopped answering."""
    is_offline = pack.misses >= OFFLINE_MISSES > pack.reported_misses
    return is_offline or bool(pack.alarms & ~pack.reported_alarms)


def plan_next(state, now_s: int):
    """The next report's time after a good one: later while the pack is low."""
    state.failed_reports = state.pause_ms = 0
    state.report_due_s = now_s + report_interval_s(state)


def report_interval_s(state) -> int:
    """Seconds between two reports: more while the pack is low."""
    return state.report_s << min(state.level, RADIO_OFF - 1)


def plan_retry(state, now_s: int):
    """The same after a failed report: pauses double up to an hour, or to `report_s` where that is longer."""
    backoff = Backoff()
    backoff.pause_ms = state.pause_ms
    first_s, longest_s = min(_FIRST_PAUSE_S, state.report_s), max(_MAX_PAUSE_S, state.report_s)
    state.pause_ms = backoff.fail(0, 1000 * first_s, 1000 * longest_s)
    state.failed_reports = min(state.failed_reports + 1, 255)
    state.report_due_s = now_s + state.pause_ms // 1000


def sleep_s(state, now_s: int) -> int:
    """Until the next reading, or until the next report, if that comes before."""
    until_report_s = max(state.min_s, state.report_due_s - now_s)
    if not state.report_s or state.level >= RADIO_OFF or state.failed_reports:
        return state.interval_s
    return min(state.interval_s, until_report_s)
