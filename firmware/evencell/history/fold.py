"""Folds records of 15 minutes into records of two hours. Loaded on demand."""

from evencell.compat import const
from evencell.history.recorder import BALANCING_S, HEAD, MINUTES, OBSERVED_S, READINGS, START, row_at
from evencell.history.store import FOLLOWING, REST_BITS, ROW_S, SPAN_S, last_of, put, unix_s, uptime_s

_MIN_MINUTES = const(12)  # of 15, at rest
_MAX_REST_RANGE_MV = const(5)
_MAX_REST_CHANGE = const(10)  # 0.1 mV, from the first minute to the last


def pending(store, live=None):
    """Generate the records of two hours that are not in the month's ring yet, and whether each is complete.

    `live`: a record of 15 minutes that is not in the day's ring yet. They share one buffer.
    """
    day, record, summary = store.day, store.day_record, store.month_record
    last = last_of(store.month, summary)
    following = last[FOLLOWING] | last[FOLLOWING + 1] << 16 if last else 0
    if not day.first <= following <= day.next:
        following = day.first
    is_begun = False
    for sequence in range(following, day.next + (live is not None)):
        if sequence == day.next:
            record = live
        elif not day.read_into(sequence, record):
            continue
        if is_begun and not _is_part(summary, record):
            yield summary, True
            is_begun = False
        if not is_begun:
            is_begun = True
            _begin(summary, record)
        _fold(summary, record, store.cells)
        put(summary, FOLLOWING, sequence + 1)
    if is_begun:
        is_last = uptime_s(record) % SPAN_S == SPAN_S - ROW_S
        yield summary, is_last and record is not live


def _begin(summary, record):
    """Clear the record of two hours, and start it for those that `record` is in."""
    for i in range(len(summary)):
        summary[i] = 0
    put(summary, 0, uptime_s(record) // SPAN_S * SPAN_S)
    summary[START] = record[START]


def _is_part(summary, record) -> bool:
    """Whether the 15 minutes are in these two hours, of the same start of the device."""
    return summary[START] == record[START] and uptime_s(record) // SPAN_S * SPAN_S == uptime_s(summary)


def _fold(summary, record, cells: int):
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
    """Whether the pack was at rest: no balancing, and every cell's voltage constant (docs/health.md)."""
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
        is_constant = highest - lowest <= _MAX_REST_RANGE_MV and abs(means[-1] - means[0]) <= _MAX_REST_CHANGE
        if len(means) < _MIN_MINUTES or not is_constant:
            return False
    return True
