"""Balancer → RS485 → firmware → display, page and MQTT: the same values everywhere."""

import json

import pytest

from host_tests.end_to_end.chain import CAPTURES, FIXED_MV, Chain
from host_tests.end_to_end.listener import Listener
from host_tests.end_to_end.process import until
from host_tests.end_to_end.web import has

EXPECTED = {
    "pack": "pack1",
    "pack_mv": 13200,
    "average_mv": 3300,
    "delta_mv": 3,
    "cells_mv": FIXED_MV,
    "highest_cell": 2,
    "lowest_cell": 3,
    "cells_detected": 4,
    "cells_configured": 4,
    "balance_state": "waiting",
    "balance_ma": 0,
    "balancing_enabled": True,
    "trigger_mv": 5,
    "max_balance_ma": 2000,
    "alarms": [],
    "alarms_raw": 0,
    "link": "online",
}
WIDTH, HEIGHT = 128, 64


def measured(status: dict) -> dict:
    """A status without what depends on when and where it was sent."""
    return {key: value for key, value in status.items() if key not in ("age_ms", "diagnosis")}


def test_known_values_are_on_http_in_events_and_on_mqtt(fixed):
    assert has(fixed.firmware.pack(), EXPECTED)
    with fixed.firmware.events() as stream:
        stream.wait_for(EXPECTED)
    with Listener(fixed.broker.port) as listener:
        assert has(listener.wait("/pack1/state").json(), EXPECTED)


def test_each_reading_is_the_same_on_http_in_events_and_on_mqtt(moving):
    firmware = moving.firmware
    with firmware.events() as stream, Listener(moving.broker.port) as listener:
        published = listener.wait("/pack1/state", since=len(listener.messages)).json()
        same = stream.wait_for({"sequence": published["sequence"]})
        assert measured(published) == measured(same)
        answered = firmware.pack()
        same = stream.wait_for({"sequence": answered["sequence"]})
        assert measured(answered) == measured(same)


def test_topics_carry_the_device_id_and_links_are_retained(fixed):
    prefix = f"evencell/{fixed.firmware.id}"
    with Listener(fixed.broker.port) as early:
        early.wait("/pack1/link", "online")
    with Listener(fixed.broker.port) as listener:
        availability = listener.wait(f"{prefix}/availability")
        link = listener.wait(f"{prefix}/pack1/link", "online")
        state = listener.wait(f"{prefix}/pack1/state")
    assert (availability.payload, availability.retained) == ("online", True)
    assert link.retained
    assert not state.retained


def test_values_move_and_the_balancer_works(moving):
    with moving.firmware.events() as stream:
        stream.events.wait(lambda event: event[1].get("balance_state", "waiting") != "waiting", "it balances")
        first = stream.statuses()[0]
        stream.events.wait(lambda event: event[1].get("cells_mv", first["cells_mv"]) != first["cells_mv"], "cells move")
        stream.events.wait(lambda event: event[1].get("sequence", 0) > first["sequence"] + 2, "readings go on")
        statuses = stream.statuses()
    sequences = [status["sequence"] for status in statuses]
    assert sequences == sorted(sequences)
    for status in statuses:
        assert status["delta_mv"] == max(status["cells_mv"]) - min(status["cells_mv"])
        assert status["balance_ma"] in (0, 2000)


def test_the_display_is_a_picture_that_follows_the_values(moving):
    first = picture(moving.firmware)
    assert 0 < lit_pixels(first) < WIDTH * HEIGHT
    until(lambda: picture(moving.firmware) != first, "the picture changes")


def test_the_picture_of_the_same_values_stays_the_same(fixed):
    wait_for_readings(fixed.firmware, 2)  # the first one may be on its way to the display
    first = picture(fixed.firmware)
    assert 0 < lit_pixels(first) < WIDTH * HEIGHT
    wait_for_readings(fixed.firmware, 2)
    assert picture(fixed.firmware) == first


def wait_for_readings(firmware, count: int):
    """Wait until so many more are accepted."""
    sequence = firmware.pack()["sequence"]
    until(lambda: firmware.pack()["sequence"] >= sequence + count, f"{count} more readings")


def lit_pixels(pixels: bytes) -> int:
    return sum(byte.bit_count() for byte in pixels)


def picture(firmware) -> bytes:
    """The pixels of /api/v1/display, eight a byte."""
    answer = firmware.get("/api/v1/display")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/x-portable-bitmap")
    kind, size, pixels = answer.body.split(b"\n", 2)
    assert (kind, size) == (b"P4", f"{WIDTH} {HEIGHT}".encode())
    assert len(pixels) == WIDTH * HEIGHT // 8
    return pixels


def test_device_says_who_and_what_it_is(fixed):
    described = fixed.firmware.status()["device"]
    assert has(described, {"id": fixed.firmware.id, "board": "host", "profile": "full", "config_faults": []})
    assert described["heap_free"] > 0
    assert len(fixed.firmware.id) == 12


RECORDED = json.loads(CAPTURES.read_text())


def is_status(entry: dict) -> bool:
    return "verdict" not in entry["expect"] and "command" not in entry["expect"]


@pytest.mark.parametrize("entry", [entry for entry in RECORDED if is_status(entry)], ids=lambda entry: entry["name"])
def test_recorded_values_come_out(tmp_path, entry):
    """A balancer that says just what was recorded, the maker's incoherent example included."""
    file = tmp_path / "recorded.json"
    file.write_text(json.dumps([entry]))
    settled = {"packs": [{"temperature_scale": "0.1"}]}
    with Chain(tmp_path, "--capture", file, config=settled, broker=False) as chain, chain.firmware.events() as stream:
        stream.events.wait(lambda event: shows(event, entry["expect"]), str(entry["expect"]))


def shows(event: tuple, expected: dict) -> bool:
    """Whether this event is a status with the values a capture expects."""
    name, status = event
    return name == "status" and all(value_of(status, key) == value for key, value in expected.items())


def value_of(status: dict, key: str):
    """The value of a capture's key, which may be `cells_mv[0]`."""
    name, _, index = key.rstrip("]").partition("[")
    return status[name][int(index)] if index and status[name] else status[name]


@pytest.mark.parametrize("count", [2, 24])
def test_any_number_of_cells_comes_through(tmp_path, count):
    cells_mv = [3300 + cell % 5 for cell in range(count)]
    with Chain(tmp_path, "--cells", ",".join(map(str, cells_mv)), broker=False) as chain:
        assert has(chain.firmware.pack(), {"cells_mv": cells_mv, "cells_detected": count, "alarms": []})
        assert picture(chain.firmware)
