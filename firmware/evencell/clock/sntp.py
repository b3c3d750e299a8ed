"""SNTP client: decides when to query; sntp_query.py, loaded for each query, does it."""

from evencell.compat import const, sleep_ms
from evencell.net.network_backoff import NetworkBackoff
from evencell.runtime.lazy import lazy

_TICK_MS = const(1_000)


def start(context):
    """Keep the clock right for as long as the device runs."""
    context.supervisor.start("sntp", Sntp(context).run)


class Sntp:
    """Queries one server at a time: the one that answered last, after a failure the next.

    State for sntp_query.py: `servers` as configured, `free_ms` (uptime from which each may be queried), `number` (of
    the current one), `logged` (a bit for each that failed since the last good response), `is_good` (whether the last
    response was), `unconfirmed_ms` (UNIX time at uptime 0, by a response that is not confirmed yet), `answered_ms`
    (uptime of the last good response), `backoff` (after failures).
    """

    def __init__(self, context):
        self.context = context
        self.clock = context.clock
        self.servers = context.config["time"]["servers"]
        self.free_ms = [0] * len(self.servers)
        self.number = self.answered_ms = self.logged = self.unconfirmed_ms = 0
        self.backoff = NetworkBackoff(context)
        self.is_good = False

    async def run(self):
        """Check every second whether a query is due."""
        while True:
            if self.is_due():
                await self.query()
            await sleep_ms(_TICK_MS)

    async def query(self):
        """Query a server once."""
        scope = lazy()
        try:
            await scope.load("evencell.clock.sntp_query").query(self)
        finally:
            scope.unload()

    def is_due(self) -> bool:
        """After a good response once the interval has passed, else after the pause; never without a network."""
        if not self.backoff.is_due():
            return False
        interval_ms = 1000 * self.context.config["time"]["interval_s"]
        return not self.is_good or self.clock.uptime_ms() - self.answered_ms >= interval_ms
