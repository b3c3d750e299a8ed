"""The simulator's frames, held against recordings and against the firmware's own decoder."""

import json
from dataclasses import fields
from pathlib import Path
from random import Random

import pytest

from evencell.pack.status import Status
from evencell.protocol.jk_balancer import READ, STATUS_TABLE, decode_status, read_request, request
from evencell.protocol.jk_settings import SET_CELL_COUNT, SET_TRIGGER, decode_written
from tools.sim.answers import SimulatedBalancer, encode_status
from tools.sim.balancer import Balancer, Reading
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.pack import fixed_pack

CAPTURES = json.loads((Path(__file__).parents[1] / "captures" / "captures.json").read_text())
STATUS_CAPTURES = [entry for entry in CAPTURES if "FF 00 00" in entry["request"] and len(entry["reply"]) > 100]
WRITE_CAPTURES = [entry for entry in CAPTURES if "FF 00 00" not in entry["request"]]


def by_name(captures):
    return pytest.mark.parametrize("capture", captures, ids=[entry["name"] for entry in captures])


def device(*cells_mv, address=1, speed=1, clock=lambda: 0.0) -> SimulatedBalancer:
    pack = fixed_pack(CHEMISTRIES["lfp"], 20, cells_mv, Random(1))
    return SimulatedBalancer(Balancer(pack), address, speed, clock)


def decoded(frame) -> Status:
    status = Status()
    decode_status(frame, 0, status)
    return status


@by_name(STATUS_CAPTURES)
def test_recorded_answers_are_encoded_identically(capture):
    frame = bytes.fromhex(capture["reply"])
    status = decoded(frame)
    reading = Reading(**{field.name: getattr(status, field.name) for field in fields(Reading)})
    assert encode_status(1, reading) == frame


def test_reading_has_the_names_of_the_table():
    assert [field.name for field in fields(Reading)] == [row[0] for row in STATUS_TABLE] + ["cells_mv"]


@by_name(WRITE_CAPTURES)
def test_writes_are_answered_as_documented(capture):
    assert device(*[3300] * 20).answer(bytes.fromhex(capture["request"])) == bytes.fromhex(capture["reply"])


def test_answer_to_a_read_has_the_measurements():
    simulated = device(3301, 3302, 3299, 3300, address=7)
    frame = simulated.answer(read_request(7))
    status = decoded(frame)
    reading = simulated.balancer.reading()
    assert frame[2:4] == bytes([7, READ])
    assert list(status.cells_mv)[:4] == [3301, 3302, 3299, 3300]
    assert all(getattr(status, name) == getattr(reading, name) for name, *_ in STATUS_TABLE)


def test_settings_are_kept():
    simulated = device(*[3300] * 4)
    assert decode_written(simulated.answer(request(1, SET_TRIGGER, 12)), 0) == 12
    assert decoded(simulated.answer(read_request(1))).trigger_mv == 12


@pytest.mark.parametrize("value", [0, 1, 1001, 0xFFFF])
def test_refused_write_brings_the_old_value_back(value):
    simulated = device(*[3300] * 4)
    frame = simulated.answer(request(1, SET_TRIGGER, value))
    assert decode_written(frame, 0) == 5
    assert not any(frame[6:-1])
    assert decoded(simulated.answer(read_request(1))).trigger_mv == 5


def test_four_cells_stay_four():
    assert decode_written(device(*[3300] * 4).answer(request(1, SET_CELL_COUNT, 5)), 0) == 4
    assert decode_written(device(*[3300] * 5).answer(request(1, SET_CELL_COUNT, 4)), 0) == 4


@pytest.mark.parametrize("address", [0, 2, 255])
def test_another_address_is_not_answered(address):
    simulated = device(3300, 3300)
    assert simulated.answer(read_request(address)) is None
    assert simulated.answer(request(address, SET_TRIGGER, 12)) is None
    assert simulated.balancer.settings["trigger_mv"] == 5


@pytest.mark.parametrize("command", sorted(set(range(256)) - {0xF0, 0xF2, 0xF4, 0xF6, 0xFF}))
def test_unknown_command_is_not_answered(command):
    assert device(3300, 3300).answer(request(1, command, 0)) is None


def test_model_time_passes_at_the_given_speed():
    now_s = 100.0
    simulated = device(3400, 3300, speed=10, clock=lambda: now_s)
    now_s += 0.4
    simulated.catch_up()
    assert simulated.balancer.capacitor_as == pytest.approx(2 * 0.4 * 10)
    simulated.answer(read_request(1))
    assert simulated.balancer.capacitor_as == pytest.approx(2 * 0.4 * 10)
