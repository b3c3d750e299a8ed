"""Each profile lives in so much heap, on the unix port: limits that must not grow (`make bench` finds the smallest).

Polled as fast as the wire allows, so that an hour's garbage comes in seconds.
"""

import contextlib

import pytest

from host_tests.broker import Broker
from host_tests.end_to_end.chain import FIXED, Firmware, Simulator
from host_tests.end_to_end.process import until
from host_tests.needs import need_broker

LIMITS_KIB = {"full": 272, "display": 164, "telemetry": 168}
ALARMS = 8
READINGS = 60
STREAMS = 4


@pytest.mark.parametrize("profile", LIMITS_KIB)
def test_a_profile_lives_in_its_heap(tmp_path, profile):
    need_broker()
    fast = {"profile": profile, "packs": [{"interval_ms": 0}], "mqtt": {"publish_s": 1}}
    with contextlib.ExitStack() as running:
        simulator = running.enter_context(Simulator(tmp_path, *FIXED))
        broker = running.enter_context(Broker())
        options = {"config": fast, "http": profile == "full", "mqtt": broker.port, "heap_kib": LIMITS_KIB[profile]}
        firmware = running.enter_context(Firmware(tmp_path, simulator.link, **options))
        firmware.wait_for_line("link online")
        streams = [running.enter_context(firmware.events()) for _ in range(STREAMS if profile == "full" else 0)]
        for alarms in range(1, ALARMS + 1):
            alarm_comes_and_goes(simulator, firmware, alarms)
        for stream in streams:
            until(lambda stream=stream: has_read(stream, READINGS), "readings in every browser")


def alarm_comes_and_goes(simulator, firmware, times: int):
    """Seen in the log, which every profile has."""
    simulator.switch("+wire_off:2")
    until(lambda: firmware.log().count("alarm cell_count of cell 2 on") >= times, "the alarm")
    simulator.switch("-wire_off")
    until(lambda: firmware.log().count("alarm cell_count off") >= times, "the end of the alarm")


def has_read(stream, readings: int) -> bool:
    return any(status["sequence"] > readings for status in stream.statuses())
