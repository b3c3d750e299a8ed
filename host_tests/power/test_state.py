"""What is kept in RTC memory from wake to wake, and what is made of damage."""

from evencell.power.state import MAX_PACKS, PACK_FIELDS, RTC_BYTES, WAKE_FIELDS, PackState, WakeState

OUTBOX_BYTES = 1024
FRAME = bytes(range(74))


def saved(packs: int = 1) -> bytearray:
    """RTC memory with a state in it, and bytes of the outbox before it."""
    buffer = bytearray(b"\xa5" * OUTBOX_BYTES + bytes(RTC_BYTES - OUTBOX_BYTES))
    state = WakeState(buffer)
    state.base_ms = -1_234_567_890_123
    state.run_id, state.report_due_s, state.joined = 65_535, 4_000_000_000, bytes(range(24))
    for number in range(packs):
        pack = PackState()
        pack.tag, pack.sequence, pack.frame = number, 4_000_000_000 + number, FRAME
        state.packs.append(pack)
    state.save()
    return buffer


def test_state_comes_back_as_it_was_saved():
    state = WakeState(saved(packs=2))
    assert state.load()
    assert state.base_ms == -1_234_567_890_123
    assert (state.run_id, state.report_due_s, state.joined) == (65_535, 4_000_000_000, bytes(range(24)))
    assert [(pack.tag, pack.sequence, pack.frame) for pack in state.packs] == [
        (0, 4_000_000_000, FRAME),
        (1, 4_000_000_001, FRAME),
    ]


def test_as_many_packs_as_a_configuration_has_find_room_behind_the_outbox():
    buffer = saved(MAX_PACKS)
    assert len(buffer) == RTC_BYTES
    assert bytes(buffer[:OUTBOX_BYTES]) == b"\xa5" * OUTBOX_BYTES
    state = WakeState(buffer)
    assert state.load() and len(state.packs) == MAX_PACKS


def test_memory_after_power_on_holds_no_state():
    for content in (bytes(RTC_BYTES), b"\xff" * RTC_BYTES):
        state = WakeState(bytearray(content))
        assert not state.load()
        assert (state.packs, state.aborted) == ([], 0)


def test_any_damaged_byte_is_noticed():
    whole = saved()
    end = max(at for at in range(RTC_BYTES) if whole[at])
    for at in range(OUTBOX_BYTES, end + 1):
        buffer = bytearray(whole)
        buffer[at] ^= 1
        assert not WakeState(buffer).load(), at


def test_another_layout_is_discarded():
    buffer = saved()
    buffer[OUTBOX_BYTES + 4] += 1
    assert not WakeState(buffer).load()


def test_every_field_is_described_in_its_place():
    """The names that the checker of types knows are those that are packed."""
    for fields, state in ((WAKE_FIELDS, WakeState), (PACK_FIELDS, PackState)):
        if hasattr(state, "__annotations__"):  # CPython alone
            assert tuple(state.__annotations__) == fields
