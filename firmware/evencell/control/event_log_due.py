"""Writes alarms and policies to the event log where no rules are evaluated, at most once a minute. Lazy."""

from evencell.compat import const
from evencell.runtime.lazy import lazy

_EVENT_LOG = "evencell.control.event_log"
_NEEDED_BYTES = const(12_000)  # of the GC heap, of which code takes 7,000
_RETRY_MS = const(10_000)


def write(context):
    """Write what waits for the event log; later, while other lazy modules are in use or memory is short."""
    lock = context.lazy_lock
    scope = lock.open() if lock else lazy()  # the lock collects garbage
    if scope is None:
        return
    try:
        _append(context, scope)
    finally:
        if lock:
            lock.close(scope)
        else:
            scope.unload()


def _append(context, scope):
    hub = context.hub
    if context.heap.gc_limit and context.board.gc_heap()[1] < _NEEDED_BYTES:
        hub.log_after_ms = context.clock.uptime_ms() + _RETRY_MS
        return
    try:
        scope.load(_EVENT_LOG).append(context, [])  # it takes what waits
    finally:
        hub.is_log_due = False  # a failure is not repeated each second
