from evencell.pack.alarms import CELL_COUNT, CELL_VOLTAGE, OVERVOLTAGE, TEMPERATURE, WIRE_RESISTANCE, names_of
from evencell.pack.pack import OFFLINE, ONLINE, Pack
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import decode_status
from host_tests.portable import FakeClock, captures, frame_of


def accepted(frame: bytes, scale: str = "0.1"):
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale(scale))
    decode_status(frame, 0, pack.candidate)
    pack.believe(FakeClock())
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


def test_each_alarm():
    assert accepted(changed("4s-idle", at_8=3)).alarms & CELL_COUNT
    assert accepted(changed("4s-idle", at_12=2)).alarms == WIRE_RESISTANCE
    assert accepted(changed("4s-idle", at_12=4)).alarms == OVERVOLTAGE
    assert accepted(changed("4s-idle", at_23=0, at_24=200)).alarms & CELL_VOLTAGE
    assert accepted(changed("4s-idle", at_23=0x13, at_24=0x89)).alarms & CELL_VOLTAGE
    assert accepted(changed("4s-idle", at_4=6)).alarms == CELL_VOLTAGE
    assert accepted(changed("4s-idle", at_71=2, at_72=0xBD)).alarms == TEMPERATURE


def test_publishing_swaps_the_records():
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"))
    first, second = pack.candidate, pack.accepted
    decode_status(frame_of("4s-idle"), 0, pack.candidate)
    pack.believe(FakeClock())
    assert pack.accepted is first
    assert pack.candidate is second


def test_a_published_reading_stays_while_the_next_is_decoded():
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"))
    decode_status(frame_of("4s-idle"), 0, pack.candidate)
    pack.believe(FakeClock())
    published = pack.accepted
    decode_status(frame_of("dz11-17s-a"), 0, pack.candidate)
    assert published.pack_mv == 13250
    assert published.cells_mv[2] == 3314


def test_publishing_tells_which_alarms_changed():
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"))
    told = []
    for frame in (frame_of("4s-idle"), changed("4s-idle", at_12=2), changed("4s-idle", at_12=2), frame_of("4s-idle")):
        decode_status(frame, 0, pack.candidate)
        pack.believe(FakeClock())
        told.append(pack.changed_alarms)
    assert told == [0, WIRE_RESISTANCE, 0, WIRE_RESISTANCE]


def test_age_and_sequence():
    clock = FakeClock()
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"))
    assert pack.age_ms(clock) is None
    clock.now_ms = 5000
    clock.now_s = 1_790_000_000
    decode_status(frame_of("4s-idle"), 0, pack.candidate)
    pack.believe(clock)
    clock.now_ms = 5120
    assert pack.age_ms(clock) == 120
    assert pack.sequence == 1
    assert pack.read_ms == 5000


def test_link_names():
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"))
    assert pack.link_name == "offline"
    pack.link = ONLINE
    assert pack.link_name == "online"
    pack.link = OFFLINE
    assert pack.link_name == "offline"
