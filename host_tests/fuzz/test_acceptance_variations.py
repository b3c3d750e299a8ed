"""Acceptance and alarms against every variation of the answer that the document, the manual or a relative leaves open.

Whatever a balancer sends in its own way, one poll publishes it, and nothing but a counted cell at 0 V raises an alarm.
"""

from hypothesis import example, given
from hypothesis import strategies as st

from evencell.link.poller import MAX_REQUESTS
from evencell.pack.alarms import cells_of, names_of
from evencell.pack.pack import Pack
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import (
    CELL_SLOTS,
    CHARGING_LOWEST,
    DISCHARGING_HIGHEST,
    OVERVOLTAGE_BIT,
    WIRE_RESISTANCE_BIT,
    decode_status,
)
from host_tests.fakes import FakeClock
from host_tests.fuzz.profile import examples
from host_tests.fuzz.test_acceptance_fuzz import frame_of_cells

_UNKNOWN_ALARM_BITS = [bits for bits in range(256) if not bits & (WIRE_RESISTANCE_BIT | OVERVOLTAGE_BIT)]
_STATE_BITS = CHARGING_LOWEST | DISCHARGING_HIGHEST

# A healthy pack's temperature, as a unit in whole degrees or in tenths sends it; or a probe that is not there.
TEMPERATURES = st.one_of(
    st.tuples(st.integers(-20, 70), st.sampled_from(["auto", "1"])),
    st.tuples(st.integers(-200, 700), st.sampled_from(["auto", "0.1"])),
    st.tuples(st.sampled_from([0x7FFF, -0x8000, -1000, 2000]), st.sampled_from(["auto", "1", "0.1"])),
)
# What relatives may send beside the values of the document.
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "balance_raw": st.integers(0, 255),
        "balance_ma": st.integers(-10_000, 10_000),
        "alarms_raw": st.sampled_from(_UNKNOWN_ALARM_BITS),
        "trigger_mv": st.one_of(st.integers(0, 1000), st.just(0xFFFF)),
        "max_balance_ma": st.one_of(st.integers(0, 10_000), st.just(0xFFFF)),
        "balancing_raw": st.sampled_from([0, 1, 2, 0xFF]),
        "frame_highest_index": st.integers(0, 255),
        "frame_lowest_index": st.integers(0, 255),
        "frame_delta_mv": st.integers(0, 0xFFFF),
        "frame_average_mv": st.sampled_from([0, 1650, 0xFFFF]),
    },
)
RESTING_MV = st.one_of(st.integers(1500, 2800), st.integers(2500, 3650), st.integers(3000, 4200))
OFFSETS = st.lists(st.integers(-30, 30), min_size=1, max_size=CELL_SLOTS)


def answer_of(cells_mv: list[int], fields: dict) -> bytes:
    """The answer of a balancer that counts all of `cells_mv`, those at 0 V too. `fields` differ from the usual."""
    connected_mv = [voltage_mv for voltage_mv in cells_mv if voltage_mv]
    summary = {
        "frame_average_mv": sum(connected_mv) // len(connected_mv),
        "frame_lowest_index": cells_mv.index(min(connected_mv)),
        "frame_delta_mv": max(connected_mv) - min(connected_mv),
    }
    return frame_of_cells(cells_mv, **{**summary, **fields})


def poll(pack: Pack, frame: bytes) -> bool:
    """Whether a poll publishes something, while the balancer answers each request with this."""
    for _ in range(MAX_REQUESTS):
        decode_status(frame, 0, pack.candidate)
        if pack.accept(FakeClock()):
            return True
    return False


def usual_pack(cells_mv: list[int], scale: str, raw: int) -> Pack:
    """A pack that was just read, in the usual way."""
    pack = Pack("pack1", "jk_b2a24s", TemperatureScale(scale))
    assert poll(pack, answer_of(cells_mv, {"temperature_raw": raw}))
    return pack


@examples(600)
@given(RESTING_MV, OFFSETS, FIELDS, TEMPERATURES, st.booleans())
@example(3300, [0], {}, (116, "auto"), True)
@example(3300, [0] * 4, {"balance_raw": 2, "balance_ma": -1500}, (235, "0.1"), True)
@example(3300, [0] * 24, {"frame_highest_index": 24, "alarms_raw": 0xF9}, (-20, "1"), False)
def test_healthy_pack_is_published_without_an_alarm(resting_mv, offsets_mv, fields, temperature, was_read):
    raw, scale = temperature
    cells_mv = [resting_mv + offset_mv for offset_mv in offsets_mv]
    pack = usual_pack(cells_mv, scale, raw) if was_read else Pack("pack1", "jk_b2a24s", TemperatureScale(scale))
    for _ in range(4):
        assert poll(pack, answer_of(cells_mv, {**fields, "temperature_raw": raw}))
        assert names_of(pack.accepted.alarms) == []
    shown = pack.accepted
    assert list(shown.cells_mv[: shown.slots]) == cells_mv
    assert shown.balance_ma == abs(fields.get("balance_ma", 0))
    assert shown.alarms_raw == fields.get("alarms_raw", 1)
    assert shown.balancing_enabled == bool(fields.get("balancing_raw", 1))


@examples(300)
@given(RESTING_MV, st.lists(st.integers(-30, 30), min_size=2, max_size=CELL_SLOTS), st.data(), FIELDS, TEMPERATURES)
def test_counted_cells_at_0_v_are_published_and_named(resting_mv, offsets_mv, data, fields, temperature):
    raw, scale = temperature
    whole_mv = [resting_mv + offset_mv for offset_mv in offsets_mv]
    indices = st.integers(0, len(whole_mv) - 1)
    dead = data.draw(st.lists(indices, min_size=1, max_size=len(whole_mv) - 1, unique=True))
    cells_mv = [0 if cell in dead else voltage_mv for cell, voltage_mv in enumerate(whole_mv)]
    pack = usual_pack(whole_mv, scale, raw)
    assert poll(pack, answer_of(cells_mv, {**fields, "temperature_raw": raw}))
    assert names_of(pack.accepted.alarms) == ["cell_voltage"]
    assert cells_of(pack.accepted, "cell_voltage") == [cell + 1 for cell in sorted(dead)]


def test_every_temperature_of_a_healthy_pack_raises_no_alarm():
    """Each value of both scales, with the scale unknown, known, and settled on the way."""
    for tenths in range(-200, 701):
        for raw, settings in ((tenths, ("auto", "0.1")), (tenths // 10, ("auto", "1"))):
            for setting in settings:
                pack = Pack("pack1", "jk_b2a4s", TemperatureScale(setting))
                for _ in range(4):
                    assert poll(pack, answer_of([3300] * 4, {"temperature_raw": raw}))
                    assert pack.accepted.alarms == 0, (raw, setting)
                expected = {"0.1": raw, "1": 10 * raw}.get(pack.scale.name)
                assert pack.accepted.temperature_dc == expected
                assert setting != "auto" or pack.scale.name == ("unknown" if -40 <= raw <= 125 else "0.1")


def test_every_alarm_byte_raises_the_documents_alarms_alone():
    for bits in range(256):
        pack = usual_pack([3300] * 4, "0.1", 235)
        assert poll(pack, answer_of([3300] * 4, {"alarms_raw": bits}))
        expected = ["overvoltage"] if bits & OVERVOLTAGE_BIT else []
        if bits & WIRE_RESISTANCE_BIT:
            expected.append("wire_resistance")
        assert names_of(pack.accepted.alarms) == expected, bits


def test_every_state_byte_with_either_sign_is_published():
    for balance_raw in range(256):
        for balance_ma in (-10_000, -2000, -1, 0, 1, 2000, 10_000):
            pack = usual_pack([3300] * 4, "0.1", 235)
            fields = {"balance_raw": balance_raw, "balance_ma": balance_ma}
            assert poll(pack, answer_of([3300] * 4, fields)), fields
            assert pack.accepted.alarms == 0
            assert (pack.accepted.balance_state == 0) == (balance_raw & _STATE_BITS in (0, _STATE_BITS))
