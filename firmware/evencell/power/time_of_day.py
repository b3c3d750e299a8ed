"""Sets the clock during a report, where it may be wrong by more than a second (a lazy module).

How long a time is good for follows from the last correction: the time of a clock that was right is good for longer.
"""

from evencell.clock.sntp import Sntp
from evencell.compat import const

_MAX_ERROR_MS = const(1_000)
_MAX_S = const(86_000)  # a little less than a day: reports come at whole hours


async def refresh(session):
    """Query the time servers, if that is due; without an answer the clock stays as it is."""
    context, wake = session.context, session.wake
    state, since_s = wake.state, wake.now_s() - wake.state.synced_s
    servers = context.config["time"]["servers"]
    if context.board.set_time is None or not servers or since_s < state.sync_s:
        return
    before_ms, asked_ms = wake.clock.unix_ms(), wake.clock.uptime_ms()
    if not await _is_set(context, servers):
        state.sync_s = min(_MAX_S, max(state.report_s // 2, 3 * state.sync_s))  # it may have taken seconds
    elif before_ms is not None:
        error_ms = abs(wake.clock.unix_ms() - before_ms - wake.clock.uptime_ms() + asked_ms)
        good_s = since_s * 7 // 4 if error_ms <= _MAX_ERROR_MS else since_s * _MAX_ERROR_MS // error_ms
        state.sync_s = min(_MAX_S, good_s)
    state.synced_s = wake.now_s()
    wake.save()


async def _is_set(context, servers) -> bool:
    """Ask each server once, until one has set the clock."""
    sntp = Sntp(context)
    for _ in servers:
        await sntp.query()
        if sntp.is_good:
            return True
    return False
