import asyncio
from types import SimpleNamespace

from evencell.forward.mqtt import Forwarder
from evencell.hub import Hub
from host_tests.portable import FakeClock

PATIENCE_S = 30  # less than the pause, more than any machine needs


def test_a_network_that_was_joined_ends_the_pause():
    async def scenario():
        hub = Hub([], FakeClock())
        settings = {"prefix": "evencell", "retain_state": False, "discovery": False}
        config = {"mqtt": settings, "profile": "full"}
        forwarder = Forwarder(SimpleNamespace(hub=hub, log=None, config=config, device_id="id"), None)
        pause = asyncio.create_task(forwarder._pause(60, hub.joined))
        await asyncio.sleep(0)
        hub.joined += 1
        assert await asyncio.wait_for(pause, PATIENCE_S) == 1
        assert await forwarder._pause(1, hub.joined) == 2
        assert await forwarder._pause(60, hub.joined - 1) == 1

    asyncio.run(scenario())
