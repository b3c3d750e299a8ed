"""When to ask which pack, and what its silence means."""

from evencell.compat import const, sleep_ms, ticks_add, ticks_diff, ticks_ms
from evencell.link.exchange import Line
from evencell.pack.alarms import ALARMS
from evencell.pack.pack import OFFLINE, ONLINE, STALE
from evencell.protocol.jk_balancer import decode_status, read_request

_OFFLINE_AFTER = const(3)  # polls in a row without an answer


class Poll:
    """What the poller keeps for one pack: its request, and when it is due."""

    __slots__ = ("due", "failures", "interval_ms", "pack", "request", "timeout_ms")

    def __init__(self, pack, settings: dict):
        self.pack = pack
        self.request = read_request(settings["address"])
        self.interval_ms = settings["interval_ms"]
        self.timeout_ms = settings["timeout_ms"]
        self.due = ticks_ms()
        self.failures = 0

    def late_ms(self) -> int:
        """Milliseconds since this poll was due; negative before."""
        return ticks_diff(ticks_ms(), self.due)

    def schedule_next(self):
        """Keep the rhythm; where it was missed by whole intervals, leave those out. Interval 0 is always due."""
        remaining_ms = self.interval_ms - self.late_ms() % self.interval_ms if self.interval_ms else 0
        self.due = ticks_add(ticks_ms(), remaining_ms)


class Poller:
    """Asks the packs of one line in turn, each at its own interval."""

    def __init__(self, line: Line, polls: list, hub, log):
        self._line = line
        self._polls = polls
        self._hub = hub
        self._log = log

    async def run(self):
        """Poll for ever."""
        while True:
            poll = self._next()
            await sleep_ms(max(0, -poll.late_ms()))
            await self._poll(poll)
            poll.schedule_next()

    def _next(self) -> Poll:
        next_poll = self._polls[0]
        for poll in self._polls:
            if poll.late_ms() > next_poll.late_ms():
                next_poll = poll
        return next_poll

    async def _poll(self, poll: Poll):
        """Ask, and ask once more unless the balancer is known to be silent."""
        if await self._ask(poll) or (poll.failures < _OFFLINE_AFTER and await self._ask(poll)):
            poll.failures = 0
            self._set_link(poll.pack, ONLINE)
        else:
            poll.failures = min(poll.failures + 1, _OFFLINE_AFTER)
            self._set_link(poll.pack, OFFLINE if poll.failures == _OFFLINE_AFTER else STALE)
        self._hub.wake()

    async def _ask(self, poll: Poll) -> bool:
        at = await self._line.ask(poll.request, poll.timeout_ms)
        if at < 0:
            return False
        pack = poll.pack
        decode_status(self._line.frame, at, pack.candidate)
        self._tell_alarms(pack, pack.accept(self._hub.clock))
        return True

    def _tell_alarms(self, pack, changed: int):
        for bit in range(len(ALARMS)):
            if changed & (1 << bit):
                active = bool(pack.accepted.alarms & (1 << bit))
                self._log.warning("%s: alarm %s %s" % (pack.name, ALARMS[bit], "on" if active else "off"))
                self._hub.post("alarm", pack.name, ALARMS[bit], active)

    def _set_link(self, pack, link: int):
        """Say each change once. A pack that was never heard has nothing that could be stale."""
        if link == pack.link or (link == STALE and not pack.sequence):
            return
        pack.link = link
        self._log.info("%s: link %s" % (pack.name, pack.link_name))
        self._hub.post("link", pack.name, "link", pack.link_name)
