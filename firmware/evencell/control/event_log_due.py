"""Writes alarms and policies to the event log where no rules are evaluated, at most once a minute. Lazy."""

import gc

from evencell.compat import const
from evencell.runtime.lazy import lazy

_EVENT_LOG = "evencell.control.event_log"
_NEEDED_BYTES = const(12_000)  # of the GC heap, of which code takes 7,000
_RETRY_MS = const(10_000)


def write(context):
    """Write what waits for the event log; later, while other lazy modules are in use or memory is short."""
    if context.heap.gc_limit:
        gc.collect()
        if context.board.gc_heap()[1] < _NEEDED_BYTES:
            context.hub.log_after_ms = context.clock.uptime_ms() + _RETRY_MS
            return
    lock = context.lazy_lock
    scope = lock.open() if lock else lazy()
    if scope is None:
        return
    try:
        scope.load(_EVENT_LOG).append(context, [])  # it takes what waits
    finally:
        context.hub.is_log_due = False  # a failure is not repeated each second
        if lock:
            lock.close(scope)
        else:
            scope.unload()
