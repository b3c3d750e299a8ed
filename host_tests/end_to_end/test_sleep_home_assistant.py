"""What Home Assistant has of a device that sleeps: discovery from a wake, and retained states that say so."""

from host_tests.broker import Broker
from host_tests.end_to_end.asleep import HOURS, asleep
from host_tests.end_to_end.listener import Listener

VALID_S = 2 * 6 * HOURS + 900 + 120  # twice the report's interval, the longest of readings, and a wake

HANG_IN_REPORT = """from evencell.power import messages
def hang(*_):
    print("hangs")
    while True:
        pass
messages._publish_link = hang
"""


class House(Listener):
    """What Home Assistant would get: `kept()` is what a new subscriber finds at the broker."""

    def __init__(self, broker: Broker):
        super().__init__(broker.port, "homeassistant/#")
        self._port = broker.port

    def announced(self, device) -> list[dict]:
        """Each message of discovery until now."""
        device.sync()
        self.say("homeassistant/marker", "")
        seen = len(self.messages)
        self.say("homeassistant/marker", str(seen))
        self.wait("homeassistant/marker", str(seen))
        return [message.json() for message in self.messages if message.topic.endswith("/config")]

    def kept(self) -> dict[str, str]:
        with Listener(self._port) as listener:
            listener.say("evencell/end", "end")
            listener.wait("evencell/end")
            found = [message for message in listener.messages if message.retained]
        return {message.topic.split("/", 2)[-1]: message.payload for message in found}


def test_discovery_comes_with_the_first_report_and_then_only_where_it_changed(tmp_path):
    with asleep(tmp_path, packs=[{"temperature_scale": "0.1"}]) as device, House(device.broker) as house:
        device.begin()
        first = house.announced(device)
        assert len(first) == 1
        assert first[0]["cmps"]["0_pack_mv"]["exp_aft"] == VALID_S
        assert "uniq_id" in first[0]["cmps"]["0_cell_4"]
        device.wake(cause="button")
        assert (device.reports(), len(house.announced(device))) == (2, 1)
        device.balancer.cells_mv = (2950, 2951, 2949, 2950)
        device.wake()  # low: reports come half as often, so values count for longer
        low = house.announced(device)
        assert [message["cmps"]["0_pack_mv"]["exp_aft"] for message in low] == [VALID_S, VALID_S + 2 * 6 * HOURS]
        device.start_again()
        assert len(house.announced(device)) == 2  # no report was due
        device.wake(cause="button")
        assert len(house.announced(device)) == 3


def test_what_stays_at_the_broker_says_that_the_device_is_asleep(tmp_path):
    with asleep(tmp_path) as device, House(device.broker) as house:
        device.begin()
        kept = house.kept()
        assert (kept["pack1/link"], kept["pack1/verdict"], kept["availability"]) == ("asleep", "ok", "online")
        assert '"link": "asleep"' in kept["pack1/state"] and '"alarms": []' in kept["pack1/state"]
        assert '"interval_s": 900' in kept["device"]
        device.balancer.is_silent = True
        device.wake(3)
        kept = house.kept()
        assert (kept["pack1/link"], kept["pack1/verdict"], kept["availability"]) == ("offline", "silent", "online")


def test_report_that_breaks_off_leaves_the_device_available(tmp_path):
    with asleep(tmp_path) as device, House(device.broker) as house:
        device.begin().run_before(HANG_IN_REPORT)
        process = device.sleeper.start("button")
        while "hangs" not in process.stdout.readline():
            assert process.poll() is None
        device.sleeper.kill(process)
        assert house.kept()["availability"] == "online"


def test_broker_that_rejects_discovery_gets_all_else(tmp_path):
    with asleep(tmp_path, packs=[{"temperature_scale": "0.1"}]) as device, House(device.broker) as house:
        device.broker.kill()
        device.broker.use("allow_anonymous true", "persistence true", "max_packet_size 4000")
        device.start_broker()
        device.begin()
        device.wake(3, cause="button")
        assert device.state.failed_reports == 0
        assert house.announced(device) == []
        assert device.output.count("discovery was not sent") == 3
        assert device.sequences() == [1, 2, 3, 4]
