"""When a client in the network may try its server."""

import asyncio

from evencell.net.network_backoff import NetworkBackoff
from host_tests.fakes import FakeClock

PATIENCE_S = 30  # more than any machine needs, less than the pause


class Network:
    """What the gate knows of the station."""

    def __init__(self, state: str = "connected"):
        self.state = state


class Device:
    """What the gate needs of a context."""

    def __init__(self, network):
        self.clock = FakeClock()
        self.network = network


class Heartbeat:
    """Counts the deadlines."""

    def __init__(self):
        self.count = 0

    def set_deadline(self, milliseconds: int):
        assert milliseconds == 5000
        self.count += 1


def test_server_is_tried_when_the_pause_is_over():
    device = Device(Network())
    backoff = NetworkBackoff(device)
    assert backoff.is_due()
    backoff.fail(0)
    assert not backoff.is_due()
    device.clock.now_ms = 1000
    assert backoff.is_due()


def test_server_is_not_tried_without_a_network():
    device = Device(Network("waiting"))
    backoff = NetworkBackoff(device)
    assert not backoff.is_due()
    device.network.state = "connected"
    assert backoff.is_due()


def test_joined_network_ends_the_pause_and_starts_the_backoff_again():
    device = Device(Network())
    backoff = NetworkBackoff(device)
    for _ in range(9):
        backoff.fail(0)
    device.network.state = "waiting"
    assert not backoff.is_due()
    device.network.state = "connected"
    assert backoff.is_due()
    assert backoff.fail(0) == 1000


def test_computer_without_a_station_is_always_in_a_network():
    assert NetworkBackoff(Device(None)).is_due()


def test_waiting_ends_when_a_network_is_joined_and_renews_the_heartbeat():
    async def scenario():
        device, heartbeat = Device(Network("waiting")), Heartbeat()
        backoff = NetworkBackoff(device)
        backoff.fail(0)
        waiting = asyncio.create_task(backoff.wait(heartbeat, 5000))
        await asyncio.sleep(0)
        assert heartbeat.count == 1 and not waiting.done()
        device.network.state = "connected"
        await asyncio.wait_for(waiting, PATIENCE_S)
        await backoff.wait(heartbeat, 5000)  # at once

    asyncio.run(scenario())
