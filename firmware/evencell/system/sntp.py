"""The time of day from SNTP servers: when to ask. What is asked, and what is believed, is imported for that alone."""

from evencell.compat import const, sleep_ms
from evencell.runtime.lazy import lazy

_LOOK_MS = const(1_000)


def start(context):
    """Keep the clock right for as long as the device runs."""
    context.supervisor.start("sntp", Sntp(context).run)


class Sntp:
    """Asks one server at a time: the one that answered last, after a failure the next.

    What is known of them, for `sntp_ask` to go on with: `servers` as configured, `free_ms` (uptime from which each may
    be asked), `number` (of the present one), `blamed` (a bit for each that failed since the last good answer),
    `is_good` (whether the last answer was, so there is a time), `doubted_ms` (UNIX time at uptime 0, by an answer that
    nobody has repeated yet), `since_ms` and `pause_ms` (the pause before the next).
    """

    def __init__(self, context):
        self.context = context
        self.clock = context.clock
        self.servers = context.config["time"]["servers"]
        self.free_ms = [0] * len(self.servers)
        self.number = self.since_ms = self.pause_ms = self.blamed = self.doubted_ms = 0
        self.is_good = False
        self._joined = 0

    async def run(self):
        """Look every second whether to ask."""
        while True:
            if self.is_due():
                await self.ask()
            await sleep_ms(_LOOK_MS)

    async def ask(self):
        """One question, to the first server from the present one on that may be asked."""
        scope = lazy()
        try:
            await scope.load("evencell.system.sntp_ask").ask(self)
        finally:
            scope.unload()

    def is_due(self) -> bool:
        """Not while there is no network; at once when one was joined and there is no time yet, else after the pause."""
        context = self.context
        if context.network is not None and context.network.state != "connected":
            return False
        if context.hub.joined != self._joined:
            self._joined = context.hub.joined
            if not self.is_good:
                self.pause_ms = 0
        return self.clock.uptime_ms() - self.since_ms >= self.pause_ms
