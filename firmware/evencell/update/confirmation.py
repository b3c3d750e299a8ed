"""Confirms an update after the restart, or goes back: its conditions hold within 3 minutes, or they don't.

In memory for that time alone; what decides is in outcome.py.
"""

from evencell.compat import const, sleep_ms
from evencell.runtime.lazy import call

_CHECK_MS = const(5_000)
_WINDOW_MS = const(180_000)  # since the start
_LOCK_TIMEOUT_MS = const(5_000)
_CONDITIONS = "evencell.update.conditions"
_OUTCOME = "evencell.update.outcome"


async def run(context, held: list):
    """Watch the update; where that itself fails, it is not kept."""
    if not await context.supervisor.contain("update", _watch(context, held)):
        call(_OUTCOME, "roll_back", context, ["it could not be confirmed"])


async def _watch(context, held: list) -> bool:
    """Check every 5 s, until the update is confirmed; going back restarts the device."""
    is_confirmed = False
    while not is_confirmed:
        await sleep_ms(_CHECK_MS)
        scope = await context.lazy_lock.wait(_LOCK_TIMEOUT_MS)
        if scope:
            try:
                is_confirmed = await _check(context, scope, held)
            except MemoryError:
                pass  # the next time there may be enough
            finally:
                context.lazy_lock.close(scope)
    return True


async def _check(context, scope, held: list) -> bool:
    missing = ["it had not enough memory"]
    try:
        missing = await scope.load(_CONDITIONS).missing(context, held)
    except MemoryError:
        pass
    if not missing:
        scope.load(_OUTCOME).confirm(context)
        return True
    if context.clock.uptime_ms() >= _WINDOW_MS:
        scope.load(_OUTCOME).roll_back(context, missing)
    return False
