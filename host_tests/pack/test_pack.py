from evencell.pack.alarms import (
    CELL_COUNT,
    CELL_VOLTAGE,
    OVERVOLTAGE,
    TEMPERATURE,
    WIRE_RESISTANCE,
    cells_of,
    names_of,
)
from evencell.pack.pack import OFFLINE, ONLINE, Pack
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import decode_status
from host_tests.fakes import FakeClock
from host_tests.portable import captures, frame_of


def accepted(frame: bytes, scale: str = "0.1"):
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale(scale))
    decode_status(frame, 0, pack.candidate)
    pack.accept_unchecked(FakeClock())
    return pack.accepted


def changed(name: str, **bytes_at) -> bytes:
    """A capture with some bytes changed: `at_12=6`."""
    frame = bytearray(frame_of(name))
    for key, value in bytes_at.items():
        frame[int(key[3:])] = value
    return bytes(frame)


def test_alarms_of_every_capture():
    for entry in captures():
        if "alarms" in entry["expect"]:
            assert names_of(accepted(entry["frame"]).alarms) == entry["expect"]["alarms"], entry["name"]


def test_bit_0_alone_is_no_alarm():
    """Every recording of a healthy unit has it set (trap 1)."""
    status = accepted(frame_of("dz11-17s-a"))
    assert status.alarms_raw == 1
    assert status.alarms == 0


def test_each_alarm_has_its_condition():
    assert accepted(changed("4s-idle", at_8=3)).alarms & CELL_COUNT
    assert accepted(changed("4s-idle", at_12=2)).alarms == WIRE_RESISTANCE
    assert accepted(changed("4s-idle", at_12=4)).alarms == OVERVOLTAGE
    assert accepted(changed("4s-idle", at_23=0, at_24=200)).alarms & CELL_VOLTAGE
    assert accepted(changed("4s-idle", at_23=0x13, at_24=0x89)).alarms & CELL_VOLTAGE
    assert accepted(changed("4s-idle", at_4=6)).alarms == CELL_VOLTAGE
    assert accepted(changed("4s-idle", at_71=2, at_72=0xBD)).alarms == TEMPERATURE


def test_cell_at_0_v_that_the_balancer_counts_is_an_alarm_of_that_cell():
    status = accepted(changed("4s-idle", at_4=3, at_5=0xE2, at_25=0, at_26=0))
    assert status.alarms == CELL_VOLTAGE
    assert cells_of(status, "cell_voltage") == [2]
    assert (status.slots, status.highest_cell, status.lowest_cell) == (4, 3, 4)


def test_cell_at_0_v_that_the_balancer_does_not_count_is_a_wrong_cell_count():
    status = accepted(frame_of("4s-one-wire-off"))
    assert status.alarms == CELL_COUNT
    assert cells_of(status, "cell_count") == [4]
    assert cells_of(status, "cell_voltage") == []


def test_counted_cell_at_0_v_is_not_taken_for_a_missing_one():
    status = accepted(changed("4s-one-wire-off", at_25=0, at_26=0))
    assert names_of(status.alarms) == ["cell_voltage", "cell_count"]
    assert cells_of(status, "cell_voltage") == [2]
    assert cells_of(status, "cell_count") == [4]


def test_alarms_name_their_cells():
    too_high = accepted(changed("4s-idle", at_12=4))
    assert cells_of(too_high, "overvoltage") == [3]
    outside = accepted(changed("4s-idle", at_23=0x13, at_24=0x89, at_27=0, at_28=200))
    assert cells_of(outside, "cell_voltage") == [1, 3]
    for name in ("temperature", "wire_resistance"):
        assert cells_of(too_high, name) == []
    assert cells_of(accepted(changed("4s-idle", at_8=5)), "cell_count") == []


def test_alarms_come_in_order_of_danger():
    status = accepted(changed("4s-idle", at_8=3, at_12=6, at_23=0x13, at_24=0x89, at_71=2, at_72=0xBD))
    names = ["overvoltage", "cell_voltage", "temperature", "wire_resistance", "cell_count"]
    assert names_of(status.alarms) == names


def test_cold_pack_in_tenths_raises_no_alarm_while_the_scale_is_unknown():
    """11.6 °C would be 116 °C in whole degrees."""
    status = accepted(changed("4s-idle", at_71=0, at_72=116), "auto")
    assert (status.alarms, status.temperature_dc) == (0, None)


def test_publishing_swaps_the_records():
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"))
    first, second = pack.candidate, pack.accepted
    decode_status(frame_of("4s-idle"), 0, pack.candidate)
    pack.accept_unchecked(FakeClock())
    assert pack.accepted is first
    assert pack.candidate is second


def test_published_reading_stays_while_the_next_is_decoded():
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"))
    decode_status(frame_of("4s-idle"), 0, pack.candidate)
    pack.accept_unchecked(FakeClock())
    published = pack.accepted
    decode_status(frame_of("dz11-17s-a"), 0, pack.candidate)
    assert published.pack_mv == 13250
    assert published.cells_mv[2] == 3314


def test_changed_alarms_are_those_of_the_last_publication():
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"))
    told = []
    for frame in (frame_of("4s-idle"), changed("4s-idle", at_12=2), changed("4s-idle", at_12=2), frame_of("4s-idle")):
        decode_status(frame, 0, pack.candidate)
        pack.accept_unchecked(FakeClock())
        told.append(pack.changed_alarms)
    assert told == [0, WIRE_RESISTANCE, 0, WIRE_RESISTANCE]


def test_age_and_sequence_follow_publication():
    clock = FakeClock()
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"))
    assert pack.age_ms(clock) is None
    clock.now_ms = 5000
    clock.now_s = 1_790_000_000
    decode_status(frame_of("4s-idle"), 0, pack.candidate)
    pack.accept_unchecked(clock)
    clock.now_ms = 5120
    assert pack.age_ms(clock) == 120
    assert pack.sequence == 1
    assert pack.read_ms == 5000


def test_every_link_state_has_a_name():
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"))
    assert pack.link_name is None
    pack.link = ONLINE
    assert pack.link_name == "online"
    pack.link = OFFLINE
    assert pack.link_name == "offline"
