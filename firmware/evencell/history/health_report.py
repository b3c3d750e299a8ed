"""Formats a pack's health (health.py) as JSON, with a verdict in one sentence. Loaded on demand."""

import json

from evencell.compat import const

_DAY_S = const(86_400)
_MIN_DAYS = const(5)  # with rest, for a drift
_MIN_OBSERVED_S = const(86_400)
_OFTEN_PERCENT = const(50)
_BOTH_PERCENT = const(20)
_DRIFT = const(50)  # 0.01 mV a day
_MIN_CHARGE = const(100)  # 0.1 mAh a day
_CHARGE = ',"given_mah":%s,"taken_mah":%s'
_SWINGS = (
    "Cell %d was the lowest in %d %% and the highest in %d %% of the time: its voltage drops under load and rises on "
    "charge. Check its wires and connectors first; otherwise its internal resistance has grown."
)


def pieces(health):
    """Generate the JSON object."""
    health.drift.end_day()
    given, taken = [sum([sums[kind] for sums in health.sums]) for kind in (2, 3)]
    yield '{"observed_s":%d,"balancing_s":%d,"rest_days":%d' % (
        health.observed_s,
        health.balancing_s,
        health.drift.days,
    )
    yield _CHARGE % (_tenths(given), _tenths(taken))
    yield ',"taken_mwh":%s,"cells":[' % _tenths(health.energy)
    for cell in range(health.cells):
        lowest_s, highest_s, given, taken = health.sums[cell]
        drift, error = _slope(health.drift, cell) or (None, None)
        yield "," if cell else ""
        yield '{"lowest_percent":%d,"highest_percent":%d' % (_percent(health, lowest_s), _percent(health, highest_s))
        yield _CHARGE % (_tenths(given), _tenths(taken))
        yield ',"drift_mv_per_day":%s,"drift_error_mv_per_day":%s}' % (_hundredths(drift), _hundredths(error))
    cell, sentence = _verdict(health)
    yield '],"weakest_cell":%s,"verdict":%s}' % (cell or "null", json.dumps(sentence))


def drifting_cells(health) -> list:
    """Numbers of the cells that fall behind the others at rest, beyond the error of that."""
    health.drift.end_day()
    return [cell + 1 for cell in range(health.cells) if _falls(*(_slope(health.drift, cell) or (0, 0)))]


def _falls(drift: int, error: int) -> bool:
    return drift <= -_DRIFT and -drift > 2 * error


def _verdict(health) -> tuple:
    """The number of the weakest cell, or None, and a sentence."""
    if health.observed_s < _MIN_OBSERVED_S:
        return None, "Not enough data for a verdict: %d of 24 hours." % (health.observed_s // 3600)
    cell = _swinging(health)
    if cell is not None:
        lowest_s, highest_s, _, _ = health.sums[cell]
        return cell + 1, _SWINGS % (cell + 1, _percent(health, lowest_s), _percent(health, highest_s))
    best, reasons = None, []
    for cell in range(health.cells):
        found = _reasons(health, cell)
        if len(found) > len(reasons):
            best, reasons = cell, found
    if best is None:
        return None, "No cell stands out."
    end = ": probably the weakest cell." if len(reasons) > 1 else ": only one sign, keep an eye on it."
    listed = " and ".join([", ".join(reasons[:-1])] * (len(reasons) > 1) + reasons[-1:])
    return best + 1, "Cell %d %s%s" % (best + 1, listed, end)


def _swinging(health):
    for cell in range(health.cells):
        lowest_s, highest_s, _, _ = health.sums[cell]
        if min(_percent(health, lowest_s), _percent(health, highest_s)) >= _BOTH_PERCENT:
            return cell
    return None


def _reasons(health, cell: int) -> list:
    """Signs that this cell is weak, as parts of a sentence."""
    lowest_s, _, given, _ = health.sums[cell]
    reasons = []
    drift, error = _slope(health.drift, cell) or (0, 0)
    if _falls(drift, error):
        reasons.append("drifts −%s mV a day" % _tenths((5 - drift) // 10))
    if _percent(health, lowest_s) >= _OFTEN_PERCENT:
        reasons.append("was the lowest in %d %% of the time" % _percent(health, lowest_s))
    all_given = sum([sums[2] for sums in health.sums])
    if 100 * given >= _OFTEN_PERCENT * all_given and given * _DAY_S >= _MIN_CHARGE * health.observed_s:
        reasons.append("received %d %% of the charge that balancing moved into cells" % (100 * given // all_given))
    return reasons


def _percent(health, seconds: int) -> int:
    return 100 * seconds // health.observed_s if health.observed_s else 0


def _slope(drift, cell: int):
    """Slope and its standard error in 0.01 mV per day; None if there are too few days."""
    n = drift.days
    spread = n * drift.xx - drift.x * drift.x
    if n < _MIN_DAYS or not spread:
        return None
    y, xy, yy = drift.y[cell]
    rise = n * xy - drift.x * y
    left = n * yy - y * y - rise * rise // spread
    return round(rise / spread), round((max(left, 0) / (n - 2) / spread) ** 0.5)


def _tenths(value: int) -> str:
    return "%d.%d" % (value // 10, value % 10)


def _hundredths(value) -> str:
    if value is None:
        return "null"
    return "%s%d.%02d" % ("-" if value < 0 else "", abs(value) // 100, abs(value) % 100)
