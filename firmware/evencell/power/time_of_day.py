"""Sets the clock during a report, where it may be wrong by more than a second (a lazy module).

How long a time is good for follows from the last correction: the time of a clock that was right is good for longer.
"""

from evencell.clock.sntp import Sntp
from evencell.compat import const, ticks_diff, ticks_ms

_MAX_ERROR_MS = const(1_000)
_MAX_S = const(86_000)  # a little less than a day: reports come at whole hours
_ASK_MS = const(2_500)  # after that no other server is asked: each may take two seconds, and its name some more


async def refresh(session):
    """Query the time servers, if that is due; without an answer the clock stays as it is."""
    context, wake = session.context, session.wake
    state, since_s = wake.state, wake.now_s() - wake.state.synced_s
    servers = context.config["time"]["servers"]
    if context.board.set_time is None or not servers or since_s < state.sync_s:
        return
    before_ms, asked_ms, good_s = wake.clock.unix_ms(), wake.clock.uptime_ms(), state.sync_s
    state.sync_s = min(_MAX_S, max(state.report_s // 2, 3 * good_s))  # without an answer, also where it is cut off
    state.synced_s = wake.now_s()
    if await _is_set(context, servers):
        if before_ms is not None:
            error_ms = abs(wake.clock.unix_ms() - before_ms - wake.clock.uptime_ms() + asked_ms)
            good_s = since_s * 7 // 4 if error_ms <= _MAX_ERROR_MS else since_s * _MAX_ERROR_MS // error_ms
        state.sync_s, state.synced_s = min(_MAX_S, good_s), wake.now_s()
    wake.save()


async def _is_set(context, servers) -> bool:
    """Ask one server after the other, until one has set the clock."""
    sntp, started = Sntp(context), ticks_ms()
    for _ in servers:
        await sntp.query()
        if sntp.is_good or ticks_diff(ticks_ms(), started) >= _ASK_MS:
            break
    return sntp.is_good
