"""Adds the records of 15 minutes to those of two hours: in memory only when two hours are over, or history is read."""

from evencell.compat import const
from evencell.pack.history import BALANCING_S, HEAD, MINUTES, OBSERVED_S, READINGS, START
from evencell.pack.history_store import REST_BITS, ROW_S, SPAN_S, put, row_at, unix_s, uptime_s

_LEAST_MINUTES = const(12)  # of 15, at rest
_REST_RANGE_MV = const(5)
_REST_CHANGE = const(10)  # 0.1 mV, from the first minute to the last


def begin(summary, record):
    """Empty the record of two hours, for those that this record of 15 minutes is in."""
    for i in range(len(summary)):
        summary[i] = 0
    put(summary, 0, uptime_s(record) // SPAN_S * SPAN_S)
    summary[START] = record[START]


def is_part(summary, record) -> bool:
    """Whether the 15 minutes are in these two hours, of the same start of the device."""
    return summary[START] == record[START] and uptime_s(record) // SPAN_S * SPAN_S == uptime_s(summary)


def fold(summary, record, cells: int):
    """Add 15 minutes to their two hours."""
    row = uptime_s(record) % SPAN_S // ROW_S
    if unix_s(record):
        put(summary, 2, unix_s(record) - row * ROW_S)
    for i in (OBSERVED_S, BALANCING_S):
        summary[i] += record[i]
    for i in range(HEAD, HEAD + 4 * cells):
        summary[i] = min(summary[i] + record[i], 65_535)
    at = row_at(row, cells)
    for cell in range(cells):
        _fold_cell(summary, at + 3 * cell, record, cell, cells)
    if _is_rest(record, cells):
        summary[REST_BITS] |= 1 << row


def _fold_cell(summary, at: int, record, cell: int, cells: int):
    """Minimum and maximum of the minutes, and the mean of their means."""
    minutes = total = 0
    for minute in range(MINUTES):
        of = row_at(minute, cells) + 3 * cell
        if not record[of]:
            continue
        minutes += 1
        total += record[of + 2]
        if not summary[at] or record[of] < summary[at]:
            summary[at] = record[of]
        summary[at + 1] = max(summary[at + 1], record[of + 1])
    if minutes:
        summary[at + 2] = total // minutes


def _is_rest(record, cells: int) -> bool:
    """Whether nothing seems to have flowed: no balancing, and each cell stood still (docs/health.md)."""
    if record[BALANCING_S] or not record[READINGS]:
        return False
    for cell in range(cells):
        means = []
        lowest, highest = 65_535, 0
        for minute in range(MINUTES):
            of = row_at(minute, cells) + 3 * cell
            if record[of]:
                means.append(record[of + 2])
                lowest, highest = min(lowest, record[of]), max(highest, record[of + 1])
        if not means:
            continue  # no cell here
        is_still = highest - lowest <= _REST_RANGE_MV and abs(means[-1] - means[0]) <= _REST_CHANGE
        if len(means) < _LEAST_MINUTES or not is_still:
            return False
    return True
