import json

from evencell.forward.status_json import status_of
from evencell.pack.pack import ONLINE, Pack
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import decode_status
from host_tests.portable import FakeClock, captures, frame_of


def pack_with(frame: bytes | None, name: str = "pack1") -> Pack:
    pack = Pack(name, "jk_b2a4s", TemperatureScale("0.1"))
    if frame:
        decode_status(frame, 0, pack.candidate)
        pack.believe(FakeClock())
        pack.link = ONLINE
    return pack


def json_of(pack: Pack, age_ms: int = 0) -> dict:
    clock = FakeClock()
    clock.now_ms = age_ms
    clock.now_s = 1_790_000_000
    return json.loads(json.dumps(status_of(pack, clock)))


def test_the_example_of_the_interface():
    expected = {
        "pack": "pack1", "pack_mv": 13250, "average_mv": 3312, "delta_mv": 2, "cells_mv": [3313, 3312, 3314, 3312],
        "highest_cell": 3, "lowest_cell": 2, "cells_detected": 4, "cells_configured": 4, "balance_state": "waiting",
        "balance_ma": 0, "balancing_enabled": True, "trigger_mv": 5, "max_balance_ma": 2000, "temperature_c": 23.5,
        "temperature_raw": 235, "alarms": [], "alarms_raw": 1, "link": "online", "age_ms": 120, "time": 1_790_000_000,
    }  # fmt: skip
    status = json_of(pack_with(frame_of("4s-idle")), 120)
    assert {key: status[key] for key in expected} == expected
    assert set(status) - set(expected) == {"sequence", "model"}


def test_a_reading_before_the_first_time_of_day_is_dated_afterwards():
    pack = pack_with(frame_of("4s-idle"))
    clock = FakeClock()
    assert status_of(pack, clock)["time"] is None
    clock.now_ms = 60_000
    clock.now_s = 1_790_000_000
    assert status_of(pack, clock)["time"] == 1_789_999_940


def test_every_expectation_of_every_capture():
    for entry in captures():
        if len(entry["frame"]) != 74 or entry["frame"][3] != 0xFF:
            continue
        status = json_of(pack_with(entry["frame"]))
        status["cells_mv[0]"] = status["cells_mv"][0]
        for key, value in entry["expect"].items():
            assert status[key] == value, (entry["name"], key)


def test_never_read_is_null_and_never_zero():
    status = json_of(pack_with(None))
    assert status["link"] == "offline"
    assert status["sequence"] == 0
    others = set(status) - {"pack", "link", "sequence", "model"}
    assert {key for key in others if status[key] is not None} == set()


def test_absurd_but_whole_frames_are_still_json():
    frame = bytearray(frame_of("maker-example-20s"))
    for at in range(4, 73):
        frame[at] = 0xFF
    status = json_of(pack_with(bytes(frame)))
    assert status["cells_mv"] == [65535] * 24
    assert status["balance_state"] == "waiting"
    assert "cell_voltage" in status["alarms"]


def test_the_order_is_that_of_the_documentation():
    status = status_of(pack_with(frame_of("4s-idle")), FakeClock())
    assert list(status)[:3] == ["pack", "pack_mv", "average_mv"]
    assert list(status)[-5:] == ["link", "age_ms", "time", "sequence", "model"]
