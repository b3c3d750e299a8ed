"""Writes alarms and policies to the event log where no rules are evaluated, at most once a minute. Lazy."""

from evencell.runtime.lazy import lazy

_EVENT_LOG = "evencell.control.event_log"


def write(context):
    """Write what waits for the event log, unless other lazy modules are in use."""
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
