"""Backoff for MQTT, time series database, SNTP and syslog, which also waits for a network."""

from evencell.compat import const, sleep_ms
from evencell.runtime.backoff import Backoff

_POLL_MS = const(1_000)


class NetworkBackoff(Backoff):
    """Backoff of a client in the network: no try while the network is down, and one at once when it is back.

    A computer's network, of which `context.network` is None, is always up.
    """

    def __init__(self, context):
        super().__init__()
        self.context = context

    def is_due(self) -> bool:
        """Whether the server may be tried now; to be asked every second or so."""
        network = self.context.network
        if network and network.state != "connected":
            self.reset()
            return False
        return not self.left_ms(self.context.clock.uptime_ms())

    async def wait(self, heartbeat, deadline_ms: int):
        """Wait until the server may be tried; each second the deadline of the next heartbeat is renewed."""
        while not self.is_due():
            heartbeat.set_deadline(deadline_ms)
            await sleep_ms(_POLL_MS)
