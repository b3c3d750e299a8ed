"""Sends readings to a time series database that takes InfluxDB's line protocol over HTTP (docs/api.md).

InfluxDB 1 and 2, VictoriaMetrics, Telegraf, QuestDB. The protocol:
https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference
"""

import asyncio

from evencell.compat import const, sleep_ms, wait_for_ms
from evencell.forward.influx.http import authorization_of, status_of
from evencell.forward.influx.line_protocol import line_of
from evencell.forward.outbox.outbox import INFLUX, Outbox
from evencell.forward.outbox.reading import Reader
from evencell.forward.tcp_wire import Wire
from evencell.net.network_backoff import NetworkBackoff
from evencell.net.tcp import shared_buffer
from evencell.runtime.lazy import call

_MAX_RECORDS = const(6)  # in a request: lines of some 320 bytes each, 800 with 24 cells
_HALF_FULL = const(500)  # bytes of records that are sent before `batch_s` is over
_POST_TIMEOUT_MS = const(10_000)
_STEP_MS = const(60_000)  # within which a host is looked up and a request comes to its end
_POLL_MS = const(10)
_STATUS_BYTES = const(12)  # "HTTP/1.1 204"
_ANSWER_BYTES = const(1024)  # of an answer that says what is wrong
_URL = "evencell.forward.influx.url"
_REMEDY = ": does the store run there, and is influx.url right?"
_BAD_BATCH = (400, 413, 422)  # these lines are refused for good; any other status is the store's or the owner's matter


def start(context):
    """Send what the outbox has. Without `journal`, an outbox without flash holds the readings."""
    outbox = context.outbox
    if outbox is None:
        heartbeat = context.watchdog.heartbeat()
        outbox = Outbox(context, heartbeat, has_flash=False)
        context.supervisor.start("influx outbox", outbox.run, heartbeat)
    heartbeat = context.watchdog.heartbeat()
    context.influx = Sender(context, outbox, heartbeat)
    context.supervisor.start("influx", context.influx.run, heartbeat)


class Sender:
    """Sends a batch every `batch_s`, or as soon as the memory of the outbox is half full.

    The network's OSError ends here, and so does any answer but 2xx that is not about these lines (busy, wrong password,
    no such database, moved): the readings stay in the outbox, and pauses grow from 1 s to 60 s (backoff). Lines that
    the store refuses would be refused again: they are dropped, and the store's words are logged once.
    """

    def __init__(self, context, outbox: Outbox, heartbeat):
        self._context = context
        self._outbox = outbox
        self._reader = Reader(outbox)
        self._log = context.log
        self._heartbeat = heartbeat
        self._settings = context.config["influx"]
        self._host, self._port, self._path = call(_URL, "split_url", self._settings["url"])
        self._since_ms = context.clock.uptime_ms()
        self._buffer = shared_buffer(context)
        self._problem: str | None = None
        self._sent = self._refused = self._damaged = 0
        self._logged_status = None  # of the refusal that was logged
        self._logged_drops = 0

    def counts(self) -> dict:
        """For /api/v1/status: readings since the start, and why nothing is sent.

        `dropped`: those that the store refused, those that memory had no room for, and those without a known time.
        """
        outbox = self._outbox
        # An outbox of the journal counts its own losses for both sinks; this one's are counted nowhere else.
        dropped = self._refused + (self._damaged if outbox.has_flash else outbox.dropped)
        if outbox.not_due:
            dropped += outbox.not_due.skipped
        return {
            "waiting": outbox.waiting(INFLUX),
            "sent": self._sent,
            "refused": self._refused,
            "dropped": dropped,
            "problem": self._problem,
        }

    async def run(self):
        """Send for as long as the device runs."""
        backoff = NetworkBackoff(self._context)
        while True:
            await self._wait_for_batch()
            try:
                await self._send_all()
                backoff.reset()
            except (OSError, EOFError, asyncio.TimeoutError) as error:
                place = self._host, self._port
                self._problem = call("evencell.net.errors", "sentence", error, self._context, place, _REMEDY)
                waiting = self._outbox.waiting(INFLUX)
                pause_s = backoff.fail(self._context.clock.uptime_ms()) // 1000
                self._log.warning("influx: %s; %d wait; next try in %d s" % (self._problem, waiting, pause_s))
                await backoff.wait(self._heartbeat, _STEP_MS)

    async def _wait_for_batch(self):
        while not self._is_due():
            self._heartbeat.set_deadline(_STEP_MS)
            await sleep_ms(1000)

    def _is_due(self) -> bool:
        """Whether to send now. While the clock is not set readings have no time yet."""
        waiting = self._outbox.waiting(INFLUX)
        if not waiting or self._context.clock.unix_s() is None:
            return False
        waited_ms = self._context.clock.uptime_ms() - self._since_ms
        is_half_full = waiting * self._outbox.record_bytes >= _HALF_FULL
        return is_half_full or waited_ms >= 1000 * self._settings["batch_s"]

    async def _send_all(self):
        """Send until nothing waits; raises the OSError, EOFError or asyncio.TimeoutError that ended it."""
        outbox = self._outbox
        while True:
            outbox.rewind(INFLUX)
            records, position = outbox.batch(INFLUX, _MAX_RECORDS)
            if not records:
                break
            lines = self._lines(records)
            is_stored = not lines or await self._store(lines)
            outbox.acknowledge(INFLUX, position)
            if is_stored:
                self._sent += len(lines)
            else:
                self._refused += len(lines)
            self._damaged += len(records) - len(lines)
        outbox.release_store()
        self._since_ms = self._context.clock.uptime_ms()

    def _lines(self, records: list) -> list[bytes]:
        """These records as lines, but those that are damaged, or whose time will never be known."""
        reader, lines = self._reader, []
        for record in records:
            if not reader.read(record) or reader.time_s is None:
                self._outbox.count_lost(1)
                continue
            if reader.thinned:  # a series of its own
                reader.name += ",thinned=" + reader.thinned
            lines.append(line_of(self._settings["measurement"], self._context.device_id, reader, reader.time_s))
        return lines

    async def _store(self, lines: list[bytes]) -> bool:
        """Whether the store took these lines; raises OSError where it may take them later."""
        self._heartbeat.set_deadline(_STEP_MS)
        status, text = await self._post(lines)
        is_stored = 200 <= status < 300
        if not is_stored and status not in _BAD_BATCH:
            raise OSError(call("evencell.forward.influx.errors", "sentence", status, text))
        self._problem = None
        self._log_outcome(is_stored, status, text)
        return is_stored

    def _log_outcome(self, is_stored: bool, status: int, text: str):
        """Log a refusal once, until a batch was taken; then how many readings were dropped."""
        if not is_stored:
            if self._logged_status != status:
                self._log.warning("influx: the store refuses what it was sent: %d %s" % (status, text))
            self._logged_status = status
            return
        self._logged_status = None
        dropped = self.counts()["dropped"]
        if dropped != self._logged_drops:
            words = "influx: %d readings were dropped since the start; the store refused %d, the others found no room"
            self._log.warning(words % (dropped, self._refused))
            self._logged_drops = dropped

    async def _post(self, lines: list[bytes]) -> tuple[int, str]:
        """Status and text of the answer. The text is read only where the status is no success."""
        wire = Wire()
        answer = bytearray()
        try:
            await wait_for_ms(self._exchange(wire, lines, answer), _POST_TIMEOUT_MS)
        except (OSError, EOFError, asyncio.TimeoutError):
            if len(answer) < _STATUS_BYTES:
                raise
        finally:
            wire.close()
        return status_of(bytes(answer), self._settings)

    async def _exchange(self, wire: Wire, lines: list[bytes], answer: bytearray):
        await wire.open(self._host, self._port, None)
        pieces, rest = iter(lines), self._head(sum([len(line) for line in lines]))
        while rest is not None:
            self._buffer.clear()
            rest = self._buffer.fill(pieces, rest)
            await _write(wire, self._buffer.content())
        start = await wire.read_exactly(_STATUS_BYTES)
        while start.startswith(b"HTTP/1.") and start[9:10] == b"1":  # interim (RFC 9110, 15.2): the answer follows
            end = start[-4:]
            while end != b"\r\n\r\n":
                end = end[-3:] + await wire.read_exactly(1)
            start = await wire.read_exactly(_STATUS_BYTES)
        answer += start
        while answer[9:10] != b"2" and len(answer) < _ANSWER_BYTES:
            answer += await wire.read_exactly(1)

    def _head(self, body_bytes: int) -> bytes:
        head = "POST %s HTTP/1.1\r\nHost: %s:%d\r\n" % (self._path, self._host, self._port)
        head += "Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n" % body_bytes
        authorization = authorization_of(self._settings)
        if authorization:
            head += "Authorization: %s\r\n" % authorization
        return (head + "\r\n").encode()


async def _write(wire: Wire, data: memoryview):
    written = wire.write(data)
    if written == len(data):
        return
    data = memoryview(bytes(data[written:]))  # the buffer is for others, too
    while len(data):
        written = wire.write(data)
        data = data[written:]
        if not written:
            await sleep_ms(_POLL_MS)
