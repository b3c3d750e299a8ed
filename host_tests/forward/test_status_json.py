import json

from evencell.forward.event_json import event_of
from evencell.forward.status_json import status_of, verdict_of
from evencell.link.diagnosis import Diagnosis
from evencell.pack.pack import OFFLINE, ONLINE, Pack
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import decode_status
from host_tests.fakes import FakeClock
from host_tests.portable import captures, frame_of


def pack_with(frame: bytes | None, name: str = "pack1") -> Pack:
    pack = Pack(name, "jk_b2a4s", TemperatureScale("0.1"))
    if frame:
        decode_status(frame, 0, pack.candidate)
        pack.accept_unchecked(FakeClock())
        pack.link = ONLINE
    return pack


def json_of(pack: Pack, age_ms: int = 0) -> dict:
    clock = FakeClock()
    clock.now_ms = age_ms
    clock.now_s = 1_790_000_000
    return json.loads(json.dumps(status_of(pack, clock)))


def test_status_equals_the_documented_example():
    expected = {
        "pack": "pack1", "pack_mv": 13250, "average_mv": 3312, "delta_mv": 2, "cells_mv": [3313, 3312, 3314, 3312],
        "highest_cell": 3, "lowest_cell": 2, "cells_detected": 4, "cells_configured": 4, "balance_state": "waiting",
        "balance_ma": 0, "balancing_enabled": True, "trigger_mv": 5, "max_balance_ma": 2000, "temperature_c": 23.5,
        "temperature_raw": 235, "alarms": [], "alarms_raw": 1, "link": "online", "age_ms": 120, "time": 1_790_000_000,
    }  # fmt: skip
    status = json_of(pack_with(frame_of("4s-idle")), 120)
    assert {key: status[key] for key in expected} == expected
    assert set(status) - set(expected) == {"alarm_cells", "temperature_scale", "sequence", "model"}


def test_alarms_are_listed_by_danger_with_their_cells():
    frame = bytearray(frame_of("4s-idle"))
    frame[8], frame[12] = 5, 6
    frame[25] = frame[26] = 0
    status = json_of(pack_with(bytes(frame)))
    assert status["alarms"] == ["overvoltage", "cell_voltage", "wire_resistance", "cell_count"]
    assert status["alarm_cells"] == {"overvoltage": [3], "cell_voltage": [2, 5]}
    assert status["cells_mv"][1] is None


def test_status_with_an_unknown_temperature_scale():
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("auto"))
    for temperature_c, scale in ((None, "unknown"), (None, "unknown"), (-5.3, "0.1")):
        decode_status(frame_of("4s-cold"), 0, pack.candidate)
        pack.accept_unchecked(FakeClock())
        status = json_of(pack)
        assert (status["temperature_c"], status["temperature_scale"]) == (temperature_c, scale)


def test_alarm_event_names_its_cells():
    event = (None, "alarm", "pack1", "overvoltage", True, [3])
    assert event_of(event) == {
        "time": None, "type": "alarm", "pack": "pack1", "name": "overvoltage", "value": True, "cells": [3]
    }  # fmt: skip
    assert "cells" not in event_of((None, "link", "pack1", "link", "online"))


def test_reading_of_before_the_clock_was_set_is_dated():
    pack = pack_with(frame_of("4s-idle"))
    clock = FakeClock()
    assert status_of(pack, clock)["time"] is None
    clock.now_ms = 60_000
    clock.now_s = 1_790_000_000
    assert status_of(pack, clock)["time"] == 1_789_999_940


def test_status_of_each_capture_is_as_expected():
    for entry in captures():
        if len(entry["frame"]) != 74 or entry["frame"][3] != 0xFF:
            continue
        status = json_of(pack_with(entry["frame"]))
        status["cells_mv[0]"] = status["cells_mv"][0]
        for key, value in entry["expect"].items():
            assert status[key] == value, (entry["name"], key)


def test_status_without_a_reading_is_null_not_zero():
    status = json_of(pack_with(None))
    assert status["sequence"] == 0
    others = set(status) - {"pack", "sequence", "model"}
    assert {key for key in others if status[key] is not None} == set()


def test_implausible_but_valid_frames_are_encoded():
    frame = bytearray(frame_of("maker-example-20s"))
    for at in range(4, 73):
        frame[at] = 0xFF
    status = json_of(pack_with(bytes(frame)))
    assert status["cells_mv"] == [65535] * 24
    assert status["balance_state"] == "waiting"
    assert "cell_voltage" in status["alarms"]


def test_fields_have_the_documented_order():
    status = status_of(pack_with(frame_of("4s-idle")), FakeClock())
    assert list(status)[:3] == ["pack", "pack_mv", "average_mv"]
    assert list(status)[-5:] == ["link", "age_ms", "time", "sequence", "model"]


def test_verdict_is_null_before_the_first_reading():
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"), None, Diagnosis(bytes(5)))
    assert verdict_of(pack) is None
    pack.link = OFFLINE  # one that is not connected to a UART
    assert verdict_of(pack) is None
    for _ in range(2):
        pack.diagnosis.record_failure(0, b"", False)
    assert verdict_of(pack) == "silent"
