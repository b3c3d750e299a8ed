"""Polling: which pack is due, how often a request is repeated, and link state, alarms and verdict as events."""

from evencell.compat import const, sleep_ms, ticks_add, ticks_diff, ticks_ms
from evencell.link.bus import Rs485Bus
from evencell.link.diagnosis import Diagnosis
from evencell.pack.alarms import cells_of, names_of
from evencell.pack.pack import ASLEEP, OFFLINE, ONLINE, STALE, Pack
from evencell.protocol.jk_balancer import decode_status, read_request

_OFFLINE_AFTER = const(3)  # polls in a row without a reading
MAX_REQUESTS = const(4)  # in one poll
_EXCHANGE_EXTRA_MS = const(1_500)  # beside its timeout: quiet before, the request, a drain afterwards
_MAX_EXCHANGES = const(2 * MAX_REQUESTS)  # one of a command's may be under way before each request
_MARGIN_MS = const(10_000)
_ASLEEP_MS = const(1_000)


class Poll:
    """The polling state of one pack: its request, and when it is due."""

    __slots__ = ("diagnosis", "due", "failures", "interval_ms", "pack", "request", "timeout_ms")

    def __init__(self, pack: Pack, diagnosis: Diagnosis, request, interval_ms: int, timeout_ms: int):
        self.pack = pack
        self.diagnosis = diagnosis
        self.request = request
        self.interval_ms = interval_ms
        self.timeout_ms = timeout_ms
        self.due = ticks_ms()
        self.failures = 0

    def overdue_ms(self) -> int:
        """Milliseconds since this poll was due; negative before."""
        return ticks_diff(ticks_ms(), self.due)

    def schedule_next(self, least_ms: int = 0):
        """Keep the rhythm and skip missed intervals. A poll with interval 0 is always due.

        `least_ms`: the shortest interval of any pack.
        """
        interval_ms = max(self.interval_ms, least_ms)
        remaining_ms = interval_ms - self.overdue_ms() % interval_ms if interval_ms else 0
        self.due = ticks_add(ticks_ms(), remaining_ms)


def make_poll(settings: dict, scale, bus: Rs485Bus) -> Poll:
    """A poll, with its pack, from an entry of the configuration."""
    request = read_request(settings["address"])
    diagnosis = Diagnosis(request)
    pack = Pack(settings["name"], settings["model"], scale, bus, diagnosis)
    return Poll(pack, diagnosis, request, settings["interval_ms"], settings["timeout_ms"])


class Poller:
    """Polls the packs of one bus in turn, each at its own interval."""

    def __init__(self, bus: Rs485Bus, polls: list, hub, log, heartbeat=None):
        self._bus = bus
        self._polls = polls
        self._hub = hub
        self._log = log
        self._heartbeat = heartbeat

    async def run(self):
        """Poll without end."""
        was_silent = False
        while True:
            poll = self._next(was_silent)
            pause_ms = max(0, -poll.overdue_ms())
            if self._heartbeat:
                poll_ms = _MAX_EXCHANGES * (poll.timeout_ms + _EXCHANGE_EXTRA_MS)
                self._heartbeat.set_deadline(pause_ms + poll_ms + _MARGIN_MS)
            await sleep_ms(pause_ms)
            await self.poll(poll)
            poll.schedule_next(self._hub.interval_ms)
            was_silent = poll.failures > 0

    def _next(self, was_silent: bool) -> Poll:
        """The most overdue poll; after a silent pack that of one that answers, if it is due: a timeout is long."""
        latest = self._polls[0]
        answering = None
        for poll in self._polls:
            overdue_ms = poll.overdue_ms()
            if overdue_ms > latest.overdue_ms():
                latest = poll
            if not poll.failures and overdue_ms >= 0 and (answering is None or overdue_ms > answering.overdue_ms()):
                answering = poll
        return answering if was_silent and answering else latest

    async def poll(self, poll: Poll):
        """Read the pack now, and update its link. An offline pack gets one request, others a second one.

        One that is switched off on purpose (control/w_output.py) gets none.
        """
        if poll.pack.link == ASLEEP:
            await sleep_ms(_ASLEEP_MS)
            return
        unanswered_left = 1 if poll.failures == _OFFLINE_AFTER else 2
        if await self._read(poll, unanswered_left):
            poll.failures = 0
            self._set_link(poll.pack, ONLINE)
        else:
            poll.failures = min(poll.failures + 1, _OFFLINE_AFTER)
            self._set_link(poll.pack, OFFLINE if poll.failures == _OFFLINE_AFTER else STALE)
        self._hub.wake()

    async def _read(self, poll: Poll, unanswered_left: int) -> bool:
        """Send requests until a reading is published; a damaged or implausible answer is repeated at once."""
        bus, diagnosis = self._bus, poll.diagnosis
        is_answered = False
        for _ in range(MAX_REQUESTS):
            late_answers = bus.late_answers
            at = await bus.query(poll.request, poll.timeout_ms)
            if at >= 0:
                is_answered = True
                if self._publish(poll, at):
                    self.report_verdict(poll, diagnosis.record_answer(bus.latency_ms))
                    return True
                continue
            is_late = bus.late_answers > late_answers
            self.report_verdict(poll, diagnosis.record_failure(bus.received_bytes, bus.received, is_late))
            if not bus.has_damaged_answer():
                unanswered_left -= 1
            if not unanswered_left:
                return False
        if is_answered:
            self.report_verdict(poll, diagnosis.record_implausible())
        return False

    def _publish(self, poll: Poll, at: int) -> bool:
        """Publish the answer at `at`, or one that begins inside it; False if none is accepted."""
        while at >= 0:
            decode_status(self._bus.frame, at, poll.pack.candidate)
            if poll.pack.accept(self._hub.clock):
                self._report_alarms(poll.pack, poll.pack.changed_alarms)
                return True
            at = self._bus.find_next(poll.request)
        return False

    def report_verdict(self, poll: Poll, is_changed: bool):
        """Log and post the verdict, if it changed."""
        if is_changed:
            diagnosis = poll.diagnosis
            text = "%s: line %s" % (poll.pack.name, diagnosis.summary)
            if diagnosis.verdict:
                self._log.warning("%s. %s" % (text, diagnosis.remedy))
            else:
                self._log.info(text)
            self._hub.post("diagnosis", poll.pack.name, "verdict", diagnosis.name)

    def _report_alarms(self, pack, changed: int):
        """Log and post each alarm that changed."""
        if not changed:
            return
        alarms = names_of(pack.accepted.alarms)
        for name in names_of(changed):
            is_active = name in alarms
            cells = cells_of(pack.accepted, name) if is_active else []
            of_cells = " of cell %s" % ", ".join([str(cell) for cell in cells]) if cells else ""
            self._log.warning("%s: alarm %s%s %s" % (pack.name, name, of_cells, "on" if is_active else "off"))
            self._hub.post("alarm", pack.name, name, is_active, cells)

    def _set_link(self, pack, link: int):
        """Log and post a change of the link. A pack without any reading is never stale."""
        if pack.link in (link, ASLEEP) or (link == STALE and not pack.sequence):
            return
        pack.link = link
        self._log.info("%s: link %s" % (pack.name, pack.link_name))
        self._hub.post("link", pack.name, "link", pack.link_name)
