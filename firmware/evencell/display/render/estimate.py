"""What the balancer is doing as a line of text, how long it will take, and its temperature. Loaded with a page."""

from evencell.compat import const
from evencell.display.render.prose import title
from evencell.display.render.sheet import span
from evencell.display.render.state import is_balanced
from evencell.display.trend import NOTHING, POINTS
from evencell.pack.alarms import names_of
from evencell.pack.status import WAITING
from evencell.pack.temperature import can_be_temperature

_MIN_DROP_MV = const(5)  # the balancer's accuracy
_MIN_STEPS = const(5)


def state(sheet) -> str:
    """The balancer's state; if it waits because of an alarm, the most dangerous alarm."""
    status, words = sheet.status, sheet.view.words("balance")
    if not status.balancing_enabled:
        return words["off"]
    if status.alarms and status.balance_state == WAITING:
        return title(sheet, names_of(status.alarms)[0])
    if is_balanced(status):
        return words["done"]
    return words[("waiting", "discharging", "charging")[status.balance_state]]


def current(status) -> str:
    """The current with the manual's sign: - discharging the highest cell, + charging the lowest."""
    current_ma = status.balance_ma if status.balance_state else 0
    return "%s%d.%02dA" % (" -+"[status.balance_state], current_ma // 1000, current_ma % 1000 // 10)


def temperature(sheet) -> str:
    """The balancer's temperature; empty without a probe."""
    temperature_dc = sheet.status.temperature_dc
    if temperature_dc is None:
        is_unknown = not sheet.pack.scale.dc_per_count and can_be_temperature(sheet.status.temperature_raw)
        return sheet.view.words("balance")["scale"] if is_unknown else ""
    if sheet.view.context.config["display"].get("temperature_unit") == "F":
        return "%.1f °F" % (temperature_dc * 0.18 + 32)
    return "%.1f °C" % (temperature_dc / 10)


def time_left(sheet, about: str) -> str:
    """Estimated time until the delta reaches the trigger, at the rate of the last hour; empty if there is nothing to
    do."""
    status = sheet.status
    if is_balanced(status) or status.delta_mv <= status.trigger_mv or not status.balancing_enabled:
        return ""
    if sheet.is_old or (status.alarms and status.balance_state == WAITING):
        return ""
    ring = sheet.view.trend_of(sheet.pack).hour
    newest = ring.advance_to(sheet.view.clock.uptime_ms())
    for steps in range(POINTS - 1, _MIN_STEPS - 1, -1):
        before_mv = ring.deltas_mv[(newest - steps) % POINTS]
        if before_mv != NOTHING:
            drop_mv = before_mv - status.delta_mv
            if drop_mv < _MIN_DROP_MV:
                break
            left_s = (status.delta_mv - status.trigger_mv) * steps * ring.step_ms // drop_mv // 1000
            return about % span(left_s)
    return sheet.view.words("balance")["unknown"]
