"""Appends a reading to the outbox's area in RTC memory, for a wake that does nothing else with the outbox."""

from evencell.forward.outbox.record import AREA_BYTES, HEAD_BYTES, RECORDS_AT, count_in, encode, seal


def append(area, state, pack_state, pack, clock) -> bool:
    """False where the record finds no room: then it takes the outbox itself."""
    size = HEAD_BYTES + 2 * state.cells
    count = count_in(area, size)
    at = RECORDS_AT + count * size
    if pack.accepted.slots > state.cells or at + size > AREA_BYTES:
        return False
    time_s = clock.unix_s_at(pack.read_ms)
    if time_s is None:
        state.has_undated = 1
    encode(area, at, state.cells, pack_state.tag, state.run_id, pack, time_s, 0)
    seal(area, size, count + 1)
    return True


def has_room(area, state) -> bool:
    """Whether the area has room for another reading of each pack."""
    size = HEAD_BYTES + 2 * state.cells
    return RECORDS_AT + (count_in(area, size) + len(state.packs)) * size <= AREA_BYTES
