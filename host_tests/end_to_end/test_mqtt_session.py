"""A device that may sleep: the broker keeps its session, and what the two of them did not finish."""

from host_tests.broker import Broker
from host_tests.end_to_end.chain import FIXED, Firmware, Simulator
from host_tests.end_to_end.listener import Listener
from host_tests.needs import need_broker

TELEMETRY = {"profile": "telemetry", "packs": [{"interval_ms": 200}], "mqtt": {"publish_s": 1}}


def connections(broker: Broker) -> list[str]:
    """What the broker says of each: `c0` is a session that it keeps."""
    return [line.split("(")[1].rstrip(").") for line in broker.log().splitlines() if "New client connected" in line]


def test_the_session_of_a_device_that_sleeps_is_kept(tmp_path):
    need_broker()
    with Broker() as broker, Simulator(tmp_path, *FIXED) as simulator:
        firmware = Firmware(tmp_path / "device", simulator.link, config=TELEMETRY, mqtt=broker.port, http=False)
        with firmware, Listener(broker.port) as listener:
            state = listener.wait("/pack1/state")
            assert state.json()["link"] == "online"
            firmware.kill()
            listener.wait("/availability", "offline")
            heard = len(listener.messages)
            firmware.start()
            listener.wait("/availability", "online", heard)
            listener.wait("/pack1/state", since=heard)
        with Listener(broker.port) as late:
            assert late.wait("/pack1/state").retained
        ours = [line for line in connections(broker) if line.endswith("k30")]
        assert ours == ["p2, c0, k30"] * 2
        assert "Sending CONNACK to evencell-%s (1, 0)" % firmware.id in broker.log()


def test_any_other_device_begins_anew(tmp_path):
    need_broker()
    with Broker() as broker, Simulator(tmp_path, *FIXED) as simulator:
        with Firmware(tmp_path / "device", simulator.link, mqtt=broker.port), Listener(broker.port) as listener:
            assert not listener.wait("/pack1/state").retained
        assert "p2, c1, k30" in connections(broker)
