"""The time of day from a broker, on a board whose clock must be set and that reaches no time server."""

import pytest

from host_tests.broker import Broker
from host_tests.end_to_end.chain import Firmware
from host_tests.end_to_end.listener import Listener
from host_tests.end_to_end.process import until
from host_tests.end_to_end.test_mqtt_faults import wait_until_well
from host_tests.end_to_end.test_time import YEAR_S, device_of, kept_s, tree
from host_tests.end_to_end.time_server import TimeServer
from host_tests.needs import need_broker

__all__ = ["tree"]
FUTURE_S = 2_000_000_000  # May 2033


@pytest.fixture
def broker():
    need_broker()
    with Broker() as broker:
        yield broker


def clocked(folder, broker, tree, **time) -> Firmware:
    return Firmware(folder / "clock", "nowhere", config={"time": time}, mqtt=broker.port, tree=tree)


def is_refused(owner, firmware) -> bool:
    """Whether the log has it; said again each time, for the subscription may come after the connection."""
    owner.say("evencell/time", "tomorrow")
    return "the payload of evencell/time is no UNIX time in seconds" in firmware.log()


def test_a_broker_sets_the_clock_but_not_with_an_old_time(tmp_path, tree, broker):
    with Listener(broker.port) as owner:
        owner.say("evencell/time", str(FUTURE_S - YEAR_S), retain=True)
        with clocked(tmp_path, broker, tree, servers=[], mqtt=True) as firmware:
            wait_until_well(firmware)
            assert device_of(firmware)["time_source"] == "system"
            until(lambda: is_refused(owner, firmware), "a refused time")
            owner.say("evencell/time", str(FUTURE_S))
            until(lambda: device_of(firmware)["time_source"] == "mqtt", "a time")
            (set_s,) = kept_s(firmware)
            assert 0 <= set_s - FUTURE_S < 60
            firmware.wait_for_line("time: UTC from evencell/time")


def test_a_time_server_goes_before_it(tmp_path, tree, broker):
    with (
        TimeServer(YEAR_S) as server,
        Listener(broker.port) as owner,
        clocked(tmp_path, broker, tree, servers=[server.host], mqtt=True) as firmware,
    ):
        until(lambda: device_of(firmware)["time_source"] == "sntp", "a time")
        wait_until_well(firmware)
        owner.say("evencell/time", str(FUTURE_S))
        owner.say("evencell/time", "that one came")
        firmware.wait_for_line("is no UNIX time")
        assert device_of(firmware)["time_source"] == "sntp"
        assert all(abs(set_s - server.now_s()) < 60 for set_s in kept_s(firmware))


def test_unless_it_is_configured_the_time_is_not_subscribed(tmp_path, tree, broker):
    (tree / "evencell/forward/mqtt/time_source.mpy").unlink()
    with clocked(tmp_path, broker, tree, servers=[]) as firmware:
        wait_until_well(firmware)
        assert "evencell/time" not in broker.log()
