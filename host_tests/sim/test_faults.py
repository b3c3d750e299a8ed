"""The table of faults, and what each does to an answer."""

import json
from random import Random

import pytest

from evencell.protocol.framing import Framer, checksum
from evencell.protocol.jk_balancer import ANSWER_BYTES, ANSWER_HEADER, READ, read_request, request
from evencell.protocol.jk_settings import SET_MAX_BALANCE, SET_SWITCH, SET_TRIGGER, decode_written
from host_tests.sim.faulty import answer, balancer, faulty
from host_tests.sim.helpers import CAPTURES
from tools.sim import fault_answers, fault_readings
from tools.sim.answers import SimulatedBalancer
from tools.sim.capture import Recording
from tools.sim.fault_answers import FaultyDevice
from tools.sim.faults import FAULTS, FaultError, Faults, parse
from tools.sim.foreign_frames import FOREIGN_FRAMES, modbus_crc

REPLIES = {entry["name"]: bytes.fromhex(entry["reply"]) for entry in json.loads(CAPTURES.read_text())}
ON_THE_LINE = {"echo", "late", "wrong_baud"}
OF_THE_WHOLE_ANSWER = {"swapped", "other_protocol", "address", "silent", "flap", "lost"}
OF_WRITES = {"refuse_writes", "ignore_writes"}
READING_FAULTS = {*fault_readings.EFFECTS, "summary_lag"}

every_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


@every_fault
def test_every_row_of_the_table_is_complete(fault):
    assert parse(fault.example)[0] is fault
    assert fault.usage.startswith(fault.name)
    assert fault.explanation.endswith(".")
    assert fault.leads_to


def test_every_fault_does_something():
    done = [*ON_THE_LINE, *OF_THE_WHOLE_ANSWER, *OF_WRITES, *READING_FAULTS, *fault_answers.DAMAGES]
    assert sorted(done) == sorted(fault.name for fault in FAULTS)


@pytest.mark.parametrize("name", [name for name, reply in REPLIES.items() if reply])
def test_without_faults_no_byte_is_changed(name):
    device = Recording([REPLIES[name]], 1)
    assert faulty(device=device).answer(bytes(read_request(1))) == REPLIES[name]


@every_fault
def test_switched_off_fault_has_no_effect(fault):
    faults = Faults([fault.example])
    device = FaultyDevice(SimulatedBalancer(balancer(), 1, clock=lambda: 0.0), faults, Random(1))
    device.answer(bytes(read_request(1)))
    faults.switch_off(fault.name)
    assert device.answer(bytes(read_request(1))) == answer()


def test_swapped_wires_answer_as_recorded():
    assert answer("swapped") == REPLIES["a-b-swapped"]


@pytest.mark.parametrize("text", ["swapped", "other_protocol:modbus", "silent", "address:7"])
def test_write_that_is_not_decoded_is_not_taken(text):
    model = balancer()
    faulty(text, device=SimulatedBalancer(model, 1)).answer(bytes(request(1, SET_TRIGGER, 12)))
    assert model.settings["trigger_mv"] == 5


def test_refused_write_brings_the_old_value_back_and_changes_nothing():
    for command, value, old in ((SET_TRIGGER, 12, 5), (SET_MAX_BALANCE, 500, 2000), (SET_SWITCH, 0, 1)):
        model = balancer()
        before = dict(model.settings)
        reply = faulty("refuse_writes", device=SimulatedBalancer(model, 1)).answer(bytes(request(1, command, value)))
        assert (reply[3], decode_written(reply, 0)) == (command, old)
        assert model.settings == before


def test_ignored_write_gets_no_answer_and_changes_nothing():
    model = balancer()
    device = faulty("ignore_writes", device=SimulatedBalancer(model, 1))
    assert device.answer(bytes(request(1, SET_TRIGGER, 12))) is None
    assert model.settings["trigger_mv"] == 5


@pytest.mark.parametrize("text", sorted(OF_WRITES))
def test_faults_of_writes_leave_readings_alone(text):
    assert answer(text) == answer()


def test_balancer_at_another_address_answers_there_alone():
    device = faulty("address:7")
    assert device.address == 7
    assert device.answer(bytes(read_request(1))) is None
    assert device.answer(bytes(read_request(7)))[:4] == bytes([*ANSWER_HEADER, 7, READ])


@pytest.mark.parametrize("others", [[], ["swapped"], ["noise:1"], ["other_protocol:jk_bms"], ["cold"]])
def test_silence_overrides_other_faults(others):
    assert answer("silent", *others) is None


def test_flapping_balancer_answers_and_is_silent_in_turn():
    now_s = 100.0
    device = faulty("flap:5", clock=lambda: now_s)
    heard = []
    for now_s in (100, 104.9, 105, 109.9, 110, 114.9, 115):  # noqa: B007 (the clock reads it)
        heard.append(device.answer(bytes(read_request(1))) is not None)
    assert heard == [True, True, False, False, True, True, False]


@pytest.mark.parametrize("name", FOREIGN_FRAMES)
def test_other_protocols_have_no_frame_of_the_balancer(name):
    frame = answer(f"other_protocol:{name}")
    assert frame == FOREIGN_FRAMES[name]
    framer = Framer(ANSWER_HEADER, ANSWER_BYTES)
    for byte in frame:
        framer.feed([byte], 1)
        assert framer.find() < 0


def test_frames_of_other_protocols_are_valid():
    jk_bms, modbus, bluetooth = (FOREIGN_FRAMES[name] for name in ("jk_bms", "modbus", "jk_bluetooth"))
    assert jk_bms[:2] == b"\x4e\x57"
    assert int.from_bytes(jk_bms[2:4], "big") == len(jk_bms) - 2
    assert int.from_bytes(jk_bms[-4:], "big") == sum(jk_bms[:-4])
    assert modbus[:3] == b"\x01\x03\x08"
    assert modbus_crc(modbus) == 0
    assert modbus_crc(b"123456789") == 0x4B37  # the catalogue's check value
    assert bluetooth[:4] == b"\x55\xaa\xeb\x90"
    assert len(bluetooth) == 300
    assert bluetooth[-1] == checksum(bluetooth, 0, 299)


@pytest.mark.parametrize("name", fault_answers.DAMAGES)
def test_damage_comes_with_its_probability(name):
    device = faulty(f"{name}:0.3")
    answers = [device.answer(bytes(read_request(1))) for _ in range(1000)]
    assert 250 < sum(each != answer() for each in answers) < 350
    assert answer(f"{name}:0") == answer()
    assert answer(f"{name}:1") != answer()


def test_drop_loses_one_to_four_bytes_and_a_burst_none():
    dropping, bursting = faulty("drop:1"), faulty("burst:1")
    lengths = {len(dropping.answer(bytes(read_request(1)))) for _ in range(200)}
    assert lengths == {ANSWER_BYTES - lost for lost in (1, 2, 3, 4)}
    assert {len(bursting.answer(bytes(read_request(1)))) for _ in range(200)} == {ANSWER_BYTES}


@pytest.mark.parametrize("other", ["swapped", "other_protocol:modbus", "other_protocol:jk_bluetooth", "cold"])
def test_damage_applies_to_any_answer(other):
    device = faulty(other, "noise:1", "drop:1", "burst:1")
    answers = {device.answer(bytes(read_request(1))) for _ in range(500)}
    assert len(answers) > 30


def test_same_seed_gives_the_same_damage():
    def day(seed):
        device = faulty("noise:0.5", "drop:0.2", "burst:0.2", seed=seed)
        return [device.answer(bytes(read_request(1))) for _ in range(50)]

    assert day(1) == day(1) != day(2)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("noize", "no fault is called 'noize': did you mean noise?"),
        ("Silent", "no fault is called 'Silent': did you mean silent?"),
        ("", "no fault is called '': --fault list shows them all"),
        ("earthquake", "no fault is called 'earthquake': --fault list shows them all"),
        ("noise", "'noise': P is a number from 0 to 1, as in noise:0.3"),
        ("noise:1.01", "'noise:1.01': P is a number from 0 to 1"),
        ("noise:nan", "P is a number"),
        ("late:1.5", "'late:1.5': MS is a whole number from 0 to 60000"),
        ("late:-1", "MS is a whole number"),
        ("wire_off:0", "CELL is a whole number from 1 to 24"),
        ("wrong_baud:", "RATE is a whole number from 300 to 115200"),
        ("address:256", "N is a whole number from 0 to 255"),
        ("flap:٣", "SECONDS is a number from 0.1 to 3600"),
        ("other_protocol:can", "NAME is one of jk_bms, modbus, jk_bluetooth"),
        ("echo:1", "echo takes no argument"),
    ],
)
def test_invalid_fault_gets_a_sentence(text, sentence):
    with pytest.raises(FaultError) as caught:
        parse(text)
    assert sentence in str(caught.value)
