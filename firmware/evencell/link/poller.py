"""When to ask which pack, and what its silence means."""

from evencell.compat import const, sleep_ms, ticks_add, ticks_diff, ticks_ms
from evencell.link.diagnosis import Diagnosis
from evencell.link.exchange import Line
from evencell.pack.alarms import names_of
from evencell.pack.pack import OFFLINE, ONLINE, STALE, Pack
from evencell.protocol.jk_balancer import decode_status, read_request

_OFFLINE_AFTER = const(3)  # polls in a row without a reading
MOST_ASKS = const(4)  # in one poll
_ASK_MS = const(1_500)  # an ask may take longer than its timeout: quiet before, the request, a drain afterwards
_MOST_EXCHANGES = const(2 * MOST_ASKS)  # before each ask one of a command's may be under way
_SPARE_MS = const(10_000)


class Poll:
    """What the poller keeps for one pack: its request, and when it is due."""

    __slots__ = ("diagnosis", "due", "failures", "interval_ms", "pack", "request", "timeout_ms")

    def __init__(self, pack: Pack, diagnosis: Diagnosis, request, interval_ms: int, timeout_ms: int):
        self.pack = pack
        self.diagnosis = diagnosis
        self.request = request
        self.interval_ms = interval_ms
        self.timeout_ms = timeout_ms
        self.due = ticks_ms()
        self.failures = 0

    def late_ms(self) -> int:
        """Milliseconds since this poll was due; negative before."""
        return ticks_diff(ticks_ms(), self.due)

    def schedule_next(self):
        """Keep the rhythm; where it was missed by whole intervals, leave those out. Interval 0 is always due."""
        remaining_ms = self.interval_ms - self.late_ms() % self.interval_ms if self.interval_ms else 0
        self.due = ticks_add(ticks_ms(), remaining_ms)


def make_poll(settings: dict, scale, line: Line) -> Poll:
    """A pack as the configuration's entry describes it, and when to ask it."""
    request = read_request(settings["address"])
    diagnosis = Diagnosis(request)
    pack = Pack(settings["name"], settings["model"], scale, line, diagnosis)
    return Poll(pack, diagnosis, request, settings["interval_ms"], settings["timeout_ms"])


class Poller:
    """Asks the packs of one line in turn, each at its own interval."""

    def __init__(self, line: Line, polls: list, hub, log, progress=None):
        self._line = line
        self._polls = polls
        self._hub = hub
        self._log = log
        self._progress = progress

    async def run(self):
        """Poll for ever."""
        was_silent = False
        while True:
            poll = self._next(was_silent)
            pause_ms = max(0, -poll.late_ms())
            if self._progress:
                self._progress.within(pause_ms + _MOST_EXCHANGES * (poll.timeout_ms + _ASK_MS) + _SPARE_MS)
            await sleep_ms(pause_ms)
            await self.poll(poll)
            poll.schedule_next()
            was_silent = poll.failures > 0

    def _next(self, was_silent: bool) -> Poll:
        """The latest; after a silent one that of those that answer, if any is due: a timeout is long."""
        latest = self._polls[0]
        answering = None
        for poll in self._polls:
            late_ms = poll.late_ms()
            if late_ms > latest.late_ms():
                latest = poll
            if not poll.failures and late_ms >= 0 and (answering is None or late_ms > answering.late_ms()):
                answering = poll
        return answering if was_silent and answering else latest

    async def poll(self, poll: Poll):
        """Read the pack, now; a balancer that is known to be silent is asked but once."""
        asks_unheard = 1 if poll.failures == _OFFLINE_AFTER else 2
        if await self._read(poll, asks_unheard):
            poll.failures = 0
            self._set_link(poll.pack, ONLINE)
        else:
            poll.failures = min(poll.failures + 1, _OFFLINE_AFTER)
            self._set_link(poll.pack, OFFLINE if poll.failures == _OFFLINE_AFTER else STALE)
        self._hub.wake()

    async def _read(self, poll: Poll, asks_unheard: int) -> bool:
        """Ask until a reading is published: again at once after a damaged or doubtful answer."""
        line, diagnosis = self._line, poll.diagnosis
        answered = False
        for _ in range(MOST_ASKS):
            late_answers = line.late_answers
            at = await line.ask(poll.request, poll.timeout_ms)
            if at >= 0:
                answered = True
                if self._publish(poll, at):
                    self.tell_verdict(poll, diagnosis.answered(line.latency_ms))
                    return True
                continue
            is_late = line.late_answers > late_answers
            self.tell_verdict(poll, diagnosis.failed(line.heard_bytes, line.head, is_late))
            if not line.was_damaged():
                asks_unheard -= 1
            if not asks_unheard:
                return False
        if answered:
            self.tell_verdict(poll, diagnosis.contradicted())
        return False

    def _publish(self, poll: Poll, at: int) -> bool:
        """Whether the answer at `at`, or one that began inside it, could be published."""
        while at >= 0:
            decode_status(self._line.frame, at, poll.pack.candidate)
            if poll.pack.consider(self._hub.clock):
                self._tell_alarms(poll.pack, poll.pack.changed_alarms)
                return True
            at = self._line.another(poll.request)
        return False

    def tell_verdict(self, poll: Poll, changed: bool):
        """Log and post the verdict, if it changed."""
        if changed:
            diagnosis = poll.diagnosis
            self._log.warning("%s: line %s. %s" % (poll.pack.name, diagnosis.name, diagnosis.remedy))
            self._hub.post("diagnosis", poll.pack.name, "verdict", diagnosis.name)

    def _tell_alarms(self, pack, changed: int):
        if not changed:
            return
        alarms = names_of(pack.accepted.alarms)
        for name in names_of(changed):
            active = name in alarms
            self._log.warning("%s: alarm %s %s" % (pack.name, name, "on" if active else "off"))
            self._hub.post("alarm", pack.name, name, active)

    def _set_link(self, pack, link: int):
        """Say each change once. A pack that was never heard has nothing that could be stale."""
        if link == pack.link or (link == STALE and not pack.sequence):
            return
        pack.link = link
        self._log.info("%s: link %s" % (pack.name, pack.link_name))
        self._hub.post("link", pack.name, "link", pack.link_name)
