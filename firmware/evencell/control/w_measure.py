"""Measures whether switching off by W saves supply current, by the pack's own voltage. Lazy.

Half days with the balancer off, on, on, off make a round of two days: a curve that bends, and the warmth of the day,
cancel out. Of each half day the slope of the mean cell voltage counts, from a sample an hour. The verdict is a t-test
over rounds (docs/decisions/0027-what-w-saves.md). In the key-value store each pack has a list: the slopes of the half
days that are over, UNIX time at the beginning of this one, the hour of its last sample, that sample, the first sample,
and five sums for the line through them.
"""

from evencell.compat import const

_KEY = "saves:%s"
_HOUR_S = const(3600)
_HOURS = const(12)
_REST_S = const(86_400)  # after use, before the measurement begins again
_MIN_SAMPLES = const(9)  # of a half day that counts
_READINGS = const(4)  # of a sample
_USED = const(100)  # 0.1 mV within an hour: the pack is used, or relaxes
_ROUND = const(4)  # half days
_LOOKS = (4, 6, 8)  # rounds, when the test is made
# Student's t, one-sided 0.5 %, for as many rounds: three looks stay near 1 % in all.
_T = {4: 5.841, 5: 4.604, 6: 4.032, 7: 3.707, 8: 3.499}
_CLEAR = -0.4  # 0.1 mV an hour, sum of two half days: a steeper fall is far beyond the noise
_SAVING = 0.8  # of the loss with the balancer on: less than that is called saving
VERDICTS = ("unverified", "verified", "no")


def verdict(context, pack_name: str) -> str:
    """What the rounds until now say."""
    kept = context.key_values.get(_KEY % pack_name)
    return VERDICTS[judge(kept[0])] if _is_whole(kept) else VERDICTS[0]


def judge(slopes: list) -> int:
    """Index into VERDICTS. `slopes`: of the mean cell voltage in each half day, falling ones negative."""
    for rounds in _LOOKS:
        if len(slopes) >= _ROUND * rounds:
            found = _judge(slopes[: _ROUND * rounds])
            if found:
                return found
    return 0


def _judge(slopes: list) -> int:
    """What the rounds say in which the voltage fell clearly while the balancer was on."""
    ratios = []
    for i in range(0, len(slopes), _ROUND):
        on = slopes[i + 1] + slopes[i + 2]
        if on < _CLEAR:
            ratios.append((slopes[i] + slopes[i + 3]) / on)
    if len(ratios) < _LOOKS[0]:
        return 0
    mean, error = _mean_error(ratios)
    return 1 if mean + error < _SAVING else 2 if mean - error > _SAVING else 0


def _mean_error(values: list) -> tuple[float, float]:
    """The mean, and how far from it the true one may be."""
    count = len(values)
    mean = sum(values) / count
    variance = sum([(value - mean) ** 2 for value in values]) / (count - 1)
    return mean, _T[count] * (variance / count) ** 0.5


def _is_on(half_day: int) -> bool:
    """Whether the balancer stays on in this half day."""
    return half_day % _ROUND in (1, 2)


def step(w, context, status, is_low: bool) -> bool:
    """Take a reading into account; returns whether the balancer stays on for the measurement."""
    unix_s = context.clock.unix_s()
    if unix_s is None or is_low:
        return False
    kept = context.key_values.get(_KEY % w.pack.name)
    is_whole = _is_whole(kept)
    if not is_whole or kept[1] > unix_s + _REST_S:  # the clock was set back
        kept = [kept[0] if is_whole else [], unix_s + _REST_S, -1, 0, 0, 0, 0, 0, 0, 0]
        context.key_values.put(_KEY % w.pack.name, kept)
    slopes, began_s = kept[0], kept[1]
    if len(slopes) >= _ROUND * _LOOKS[-1] or judge(slopes):
        return False
    is_on = _is_on(len(slopes))
    hour = (unix_s - began_s) // _HOUR_S
    if hour > kept[2] and status.cells_connected:
        _sample(w, context, kept, hour, status, unix_s)
    return is_on and unix_s >= began_s


def _sample(w, context, kept: list, hour: int, status, unix_s: int):
    """Gather the readings of a sample; with the last one keep it."""
    readings = w.readings
    if not readings or readings[0] != hour:
        readings = w.readings = [hour, 0, 0]
    readings[1] += 10 * status.sum_mv // status.cells_connected
    readings[2] += 1
    if readings[2] < _READINGS:
        return
    key, mean = _KEY % w.pack.name, readings[1] / readings[2]
    was_used = kept[2] >= 0 and abs(mean - kept[3]) > _USED * (hour - kept[2])
    is_balancing = _is_on(len(kept[0])) and status.balance_raw
    if was_used or is_balancing:
        # Begin this half day anew once the pack has rested.
        context.key_values.put(key, [kept[0], unix_s + _REST_S, -1, 0, 0, 0, 0, 0, 0, 0])
        return
    if hour >= _HOURS:
        context.key_values.put(key, _next(kept, unix_s))
        return
    first = kept[4] if kept[2] >= 0 else mean
    y = mean - first
    sums = [kept[5] + 1, kept[6] + hour, kept[7] + y, kept[8] + hour * hour, kept[9] + hour * y]
    context.key_values.put(key, [kept[0], kept[1], hour, mean, first] + sums)


def _next(kept: list, unix_s: int) -> list:
    """The half day is over: its slope, in 0.1 mV an hour, if it has enough samples; else it begins anew."""
    count, hours, ys, squares, products = kept[5:]
    slopes = kept[0]
    if count >= _MIN_SAMPLES:
        slopes = slopes + [(count * products - hours * ys) / (count * squares - hours * hours)]
    return [slopes, unix_s, -1, 0, 0, 0, 0, 0, 0, 0]


def _is_whole(kept) -> bool:
    """Whether it is what this module keeps."""
    if not isinstance(kept, list) or len(kept) != 10 or not isinstance(kept[0], list):
        return False
    return all(isinstance(number, (int, float)) for number in kept[0] + kept[1:])
