"""Balance policy: whether balancing should be on now, and why. Decides; what carries it out is another matter.

A reason is a sentence for the owner. What forbids balancing (docs/balancing.md) switches it off at once; everything
else waits for the minimum time. Without a fresh reading nothing changes.
"""

from evencell.compat import const
from evencell.control.policies import NO_POLICY
from evencell.control.trend import CHARGING, DISCHARGING, RESTING, TRENDS
from evencell.control.values import value_of
from evencell.pack.alarms import MAX_DC, MIN_DC
from evencell.pack.limits import MAX_AGE_MS, limits_of, switch_on_reason
from evencell.pack.low_level import BALANCER_OFF
from evencell.runtime.lazy import call

_HYSTERESIS_MV = const(20)
_WORTH_MV = const(15)  # of delta, for storage
_ENOUGH_MV = const(5)
_RESTED_S = const(600)
_UNKNOWN = (0, 0, 0, 0)  # limits of cells: nothing is switched on
_TOO_FEW = "5 minutes of readings are needed first"
# Fields of custom conditions: name in a sentence, units of the condition in one that is shown, its name.
_FIELDS = {
    "highest_mv": ("highest cell", 1000, "V"),
    "lowest_mv": ("lowest cell", 1000, "V"),
    "pack_mv": ("pack", 1000, "V"),
    "delta_mv": ("delta", 1, "mV"),
    "temperature_c": ("temperature", 1, "°C"),
}


def decide(state, config: dict, age_ms: int | None, now_s: int, minute: int | None, own: dict | None = None):
    """Decide for the pack of `state` (state.py) from its last accepted reading.

    `config`: `control.policy` of the configuration. `minute`: of the local day, None without a clock.
    `own`: the owner's limits (pack/limits.py).
    """
    if (state.preset or config["preset"]) == "off":
        state.is_on, state.is_undecided, state.decided_s = None, False, now_s
        state.reason = NO_POLICY
        return
    _Decision(state, config, own).decide(age_ms, now_s, minute)


def local_minute(context, config: dict) -> int | None:
    """Minute of the local day; None without a clock, and where no condition of `config` needs it."""
    unix_s = context.clock.unix_s()
    if unix_s is None or not any(condition["field"] == "time" for condition in config["conditions"]):
        return None
    offset_s, _ = call("evencell.clock.zone", "local_offset", context.config["time"], unix_s)
    return (unix_s + offset_s) // 60 % 1440


class _Decision:
    def __init__(self, state, config: dict, own: dict | None):
        self._state = state
        self._config = config
        self._own = own
        self._limits = limits_of(state.config["chemistry"], own) or _UNKNOWN

    def decide(self, age_ms: int | None, now_s: int, minute: int | None):
        state, config = self._state, self._config
        if age_ms is None or age_ms > MAX_AGE_MS:
            state.reason = "unchanged: the last reading is older than %d s" % (MAX_AGE_MS // 1000)
            return
        status = state.pack.accepted
        state.decided_s = now_s
        state.is_undecided = False
        if state.is_on is None:
            at_start = config["at_start"]
            state.is_on = status.balancing_enabled if at_start == "unchanged" else at_start == "on"
            state.since_s = now_s
        self._note_rest(now_s)
        forbidden = self._forbidden(status)
        if forbidden:
            self._set(False, forbidden, now_s)
            return
        wanted, reason = self._wanted(status, now_s, minute)
        left_s = config["min_on_s" if state.is_on else "min_off_s"] - (now_s - state.since_s)
        if wanted != state.is_on and left_s > 0:
            state.is_undecided = wanted
            texts = (_word(state.is_on), left_s, _word(wanted), reason)
            state.reason = "%s for %d s more, the minimum time, then %s: %s" % texts
            return
        self._set(wanted, reason, now_s)

    def _set(self, is_on: bool, reason: str, now_s: int):
        state = self._state
        if is_on != state.is_on:
            state.is_on = is_on
            state.since_s = now_s
        state.reason = "%s: %s" % (_word(is_on), reason)

    def _note_rest(self, now_s: int):
        state = self._state
        if state.trend.kind != RESTING:
            state.rest_since_s = None
        elif state.rest_since_s is None:
            state.rest_since_s = now_s

    def _forbidden(self, status) -> str:
        """What forbids balancing now, or an empty text."""
        reason = switch_on_reason(status, 0, self._state.config["chemistry"], self._own)
        if reason:
            return reason.rstrip(".")
        if self._state.pack.low_level >= BALANCER_OFF:
            return "the pack is low: the balancer would discharge it further"
        low_mv = self._limits[3]
        lowest_mv = status.cells_mv[status.lowest_cell - 1]
        if lowest_mv < low_mv + (0 if self._state.is_on else _HYSTERESIS_MV):
            return "cell %d is low, %s: the balancer would discharge it further" % (status.lowest_cell, _v(lowest_mv))
        temperature_dc = status.temperature_dc
        if temperature_dc is not None and not MIN_DC <= temperature_dc <= MAX_DC:
            return "%d °C is outside -20 to 70 °C" % (temperature_dc // 10)
        return ""

    def _wanted(self, status, now_s: int, minute: int | None) -> tuple[bool, str]:
        preset, trend = self._state.preset or self._config["preset"], self._state.trend
        if preset == "always":
            return True, "always"
        if preset == "top":
            return self._wanted_at_top(status, trend)
        if preset == "rest":
            return self._wanted_at_rest(now_s)
        if preset == "off-ride":
            if trend.kind is None:
                return self._undecided()
            is_riding = trend.kind == DISCHARGING
            return not is_riding, "the pack is " + TRENDS[trend.kind]
        if preset == "storage":
            return self._wanted_in_storage(status, now_s)
        return self._wanted_by_conditions(status, trend, minute)

    def _wanted_at_top(self, status, trend) -> tuple[bool, str]:
        """At the top of the charge and steady: while a current flows, the cells' resistances would be balanced."""
        limit_mv = self._limits[2] - (_HYSTERESIS_MV if self._state.is_on else 0)
        highest_mv = status.cells_mv[status.highest_cell - 1]
        if highest_mv < limit_mv:
            return False, "highest cell %s is below %s" % (_v(highest_mv), _v(limit_mv))
        if trend.kind is None:
            return self._undecided()
        if trend.kind != RESTING:
            word = "charging" if trend.kind == CHARGING else "discharging or relaxing"
            return False, "highest cell %s, but the pack is %s" % (_v(highest_mv), word)
        return True, "highest cell %s and the voltage is steady" % _v(highest_mv)

    def _undecided(self) -> tuple[bool, str]:
        """As before, until 5 minutes of readings are there."""
        self._state.is_undecided = True
        return bool(self._state.is_on), "as before, until there are 5 minutes of readings"

    def _wanted_at_rest(self, now_s: int) -> tuple[bool, str]:
        if self._state.trend.kind is None:
            self._state.is_undecided = True
            return False, _TOO_FEW
        if self._state.rest_since_s is None:
            return False, "the pack is not at rest"
        rested_s = now_s - self._state.rest_since_s
        if rested_s < _RESTED_S:
            self._state.is_undecided = True
            return False, "at rest for %d of %d s" % (rested_s, _RESTED_S)
        return True, "at rest for %d minutes" % (rested_s // 60)

    def _wanted_in_storage(self, status, now_s: int) -> tuple[bool, str]:
        limit_mv = _ENOUGH_MV if self._state.is_on else _WORTH_MV
        if status.delta_mv < limit_mv:
            return False, "delta %d mV is below %d mV: not worth it" % (status.delta_mv, limit_mv)
        wanted, reason = self._wanted_at_rest(now_s)
        return wanted, "delta %d mV" % status.delta_mv if wanted else reason

    def _wanted_by_conditions(self, status, trend, minute: int | None) -> tuple[bool, str]:
        """All conditions must hold; the first one that does not gives the reason."""
        failed, is_undecided = "", True
        for i, condition in enumerate(self._config["conditions"]):
            text = self._failure(condition, self._state.held[i], status, trend, minute)
            self._state.held[i] = not text
            failed = failed or text
            if text and (condition["field"] != "trend" or trend.kind is not None):
                is_undecided = False
        self._state.is_undecided = is_undecided and bool(failed)
        return not failed, failed or "all conditions hold"

    def _failure(self, condition: dict, held: bool, status, trend, minute: int | None) -> str:
        """Why a condition does not hold; empty if it does."""
        field = condition["field"]
        if field == "trend":
            if trend.kind is None:
                return _TOO_FEW
            return "" if TRENDS[trend.kind] == condition["trend"] else "the pack is " + TRENDS[trend.kind]
        if field == "time":
            if minute is None:
                return "the time is not known"
            is_within = call("evencell.clock.span", "is_within", minute, condition["span"])
            return "" if is_within else "it is not between %s and %s" % tuple(condition["span"])
        name, divisor, unit = _FIELDS[field]
        value = value_of(status, field)
        if value is None:
            return name + " is not known"
        slack = condition["hysteresis"] if held else 0
        above, below = condition["above"], condition["below"]
        if above is not None and value < above - slack:
            return "%s %g %s is below %g %s" % (name, value / divisor, unit, above / divisor, unit)
        if below is not None and value > below + slack:
            return "%s %g %s is above %g %s" % (name, value / divisor, unit, below / divisor, unit)
        return ""


def _v(voltage_mv: int) -> str:
    """Rounded down: what is below a limit of whole 10 mV is also shown below it."""
    return "%d.%02d V" % (voltage_mv // 1000, voltage_mv % 1000 // 10)


def _word(is_on: bool | None) -> str:
    return "on" if is_on else "off"
