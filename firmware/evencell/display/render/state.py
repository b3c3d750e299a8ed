"""What a pack is doing, as one word. Loaded with a page."""

from evencell.compat import const
from evencell.display.render.canvas import ALARM, DIM, GOOD, TEXT, WARN
from evencell.pack.status import WAITING

_TOLERANCE_MV = const(2)  # so that the word does not change with each reading at the trigger


def is_balanced(status) -> bool:
    """Whether the balancer waits because there is nothing to do."""
    is_waiting = status.balance_state == WAITING and not status.alarms
    return is_waiting and (status.delta_mv or 0) <= status.trigger_mv + _TOLERANCE_MV


def word_of(sheet) -> tuple[str, int]:
    """A key of the section `words`, and its colour."""
    status = sheet.status
    if sheet.is_old:
        return sheet.link_word(), WARN
    if status.alarms:
        return "alarm", ALARM
    if not status.balancing_enabled:
        return "off", DIM
    if is_balanced(status):
        return "balanced", GOOD
    return ("waiting" if status.balance_state == WAITING else "balancing"), TEXT
