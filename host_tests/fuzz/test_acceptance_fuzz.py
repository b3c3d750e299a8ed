"""Acceptance against damage: whatever a balancer measures, what is shown is what it sent."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from evencell.protocol.framing import checksum
from evencell.protocol.jk_balancer import CELLS_OFFSET, S16, STATUS_TABLE, U8, decode_status
from host_tests.fakes import FakeClock
from host_tests.fuzz.machines import DAMAGES, damaged, settled, worst_mv
from host_tests.fuzz.profile import examples
from host_tests.portable import frames
from tools.bench.noise import Receiver

_WRONG_BY_MV = 20


def frame_of_cells(cells_mv: list[int], lag_mv: int = 0, **fields) -> bytes:
    """A true answer: its summary is of an instant when all cells were higher by `lag_mv`."""
    total_mv = sum(cells_mv)
    values = {
        "pack_mv": total_mv + lag_mv * len(cells_mv),
        "frame_average_mv": total_mv // len(cells_mv) + lag_mv,
        "cells_detected": len(cells_mv),
        "cells_configured": len(cells_mv),
        "frame_highest_index": cells_mv.index(max(cells_mv)),
        "frame_lowest_index": cells_mv.index(min(cells_mv)),
        "frame_delta_mv": max(cells_mv) - min(cells_mv),
        "alarms_raw": 1,
        "trigger_mv": 5,
        "max_balance_ma": 2000,
        "balancing_raw": 1,
        "temperature_raw": 235,
        **fields,
    }
    frame = bytearray(b"\xeb\x90\x01\xff" + bytes(70))
    for name, offset, kind, unit in STATUS_TABLE:
        layout = ">B" if kind == U8 else ">h" if kind == S16 else ">H"
        struct.pack_into(layout, frame, offset, values.get(name, 0) // unit)
    struct.pack_into(f">{len(cells_mv)}H", frame, CELLS_OFFSET, *cells_mv)
    frame[-1] = checksum(frame, 0, len(frame) - 1)
    return bytes(frame)


CELLS = st.integers(2, 24).flatmap(lambda count: st.lists(st.integers(-15, 15), min_size=count, max_size=count))
KINDS = st.one_of(st.none(), st.sampled_from(sorted(DAMAGES)))


@st.composite
def histories(draw) -> list[bytes]:
    """What a balancer would answer, ask after ask: at rest, under a load that comes and goes, charging."""
    resting_mv = draw(st.integers(2500, 3600))
    offsets_mv = draw(CELLS)
    answers = []
    for _ in range(draw(st.integers(2, 12))):
        load_mv = draw(st.one_of(st.just(0), st.integers(-60, 300)))
        charging = draw(st.booleans())
        cells_mv = [resting_mv + offset_mv - load_mv for offset_mv in offsets_mv]
        extra = {"balance_raw": 1, "balance_ma": 1850} if charging else {}
        answers.append(frame_of_cells(cells_mv, draw(st.integers(0, 8)), **extra))
    return answers


@examples(200)
@given(histories(), st.lists(KINDS, min_size=12, max_size=12), st.integers(0, 2**32))
def test_nothing_is_published_that_was_not_sent(truth, kinds, seed):
    receiver = settled(truth[0])
    for position, (frame, kind) in enumerate(zip(truth, kinds, strict=False)):
        if receiver.receive(damaged(frame, kind, seed, position)):
            assert worst_mv(receiver, frame) <= _WRONG_BY_MV


@examples(150)
@given(CELLS, st.lists(st.sampled_from(sorted(DAMAGES)), min_size=1, max_size=3), st.integers(0, 2**32))
def test_two_good_answers_after_damage_are_enough(offsets_mv, kinds, seed):
    before = frame_of_cells([3300 + offset_mv for offset_mv in offsets_mv])
    now = frame_of_cells([3200 + offset_mv for offset_mv in offsets_mv], alarms_raw=3)
    receiver = settled(before)
    for position, kind in enumerate(kinds):
        receiver.receive(damaged(before, kind, seed, position))
    receiver.receive(now)
    assert receiver.receive(now)
    assert worst_mv(receiver, now) == 0


@examples(300)
@given(st.lists(st.one_of(st.binary(min_size=74, max_size=74), st.sampled_from(frames())), min_size=1, max_size=6))
def test_any_bytes_can_be_judged(contents):
    pack = Receiver().pack
    for content in contents:
        for _ in range(2):
            decode_status(content, 0, pack.candidate)
            pack.accept(FakeClock())
            assert pack.sequence or pack.accepted.pack_mv is None


def moved_apart(frame: bytes, first: int, second: int, by_mv: int) -> bytes:
    """`frame` with this added to one cell and taken from another: neither its sum nor its checksum need change."""
    data = bytearray(frame)
    for cell, step_mv in ((first, by_mv), (second, -by_mv)):
        at = CELLS_OFFSET + 2 * cell
        struct.pack_into(">H", data, at, struct.unpack_from(">H", data, at)[0] + step_mv)
    data[-1] = checksum(data, 0, len(data) - 1)
    return bytes(data)


@examples(150)
@given(CELLS, st.integers(-100, 400), st.integers(0, 23), st.integers(1, 23), st.integers(_WRONG_BY_MV + 1, 200))
def test_two_cells_moved_apart_as_a_load_comes_on(offsets_mv, load_mv, first, other, by_mv):
    count = len(offsets_mv)
    second = (first + 1 + other % (count - 1)) % count
    receiver = settled(frame_of_cells([3300 + offset_mv for offset_mv in offsets_mv]))
    truth = frame_of_cells([3300 + offset_mv - load_mv for offset_mv in offsets_mv])
    assert not receiver.receive(moved_apart(truth, first % count, second, by_mv))


def near(offset: int, value: int, frame: bytes) -> bytes:
    data = bytearray(frame)
    data[offset] = value
    return bytes(data)


@examples(200)
@given(st.sampled_from(frames()), st.integers(4, 72), st.integers(0, 255), st.integers(4, 72), st.integers(0, 255))
def test_any_two_bytes_of_a_recording_can_be_changed(frame, first, first_value, second, second_value):
    pack = settled(frame).pack
    content = near(second, second_value, near(first, first_value, frame))
    for _ in range(3):
        decode_status(content, 0, pack.candidate)
        pack.accept(FakeClock())
