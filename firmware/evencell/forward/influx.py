"""Readings to a time series database that takes InfluxDB's line protocol over HTTP (docs/api.md).

InfluxDB 1 and 2, VictoriaMetrics, Telegraf, QuestDB. The protocol:
https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference
"""

import asyncio

from evencell.compat import const, sleep_ms, wait_for_ms
from evencell.forward.influx_http import basic, split_url, status_of
from evencell.forward.influx_line import line_of
from evencell.forward.tcp_wire import Wire
from evencell.net.tcp import SendBuffer

_QUEUE_BYTES = const(8192)  # some 25 readings of four cells
_POST_BYTES = const(2048)  # of them that are sent at a time
_POST_MS = const(10_000)
_STEP_MS = const(60_000)  # within which a look-up of a name and a request have come to their end
_POLL_MS = const(10)
_STATUS_BYTES = const(12)  # "HTTP/1.1 204"
_ANSWER_BYTES = const(1024)  # of an answer that says what is wrong
_BUSY = (408, 425, 429)  # later it may be taken, though the status begins with a 4


def start(context):
    """Keep readings and send them, as two parts: what one waits for must not hold up the other."""
    queue = context.influx = Queue()
    keeping, sending = context.watch.progress(), context.watch.progress()
    keeper = Keeper(context, queue, keeping)
    catch_up = None
    if context.journal:
        from evencell.forward.journal_influx import CatchUp

        catch_up = CatchUp(context, queue, keeper)
    context.supervisor.start("influx queue", keeper.run, keeping)
    context.supervisor.start("influx", Sender(context, queue, sending, catch_up).run, sending)


class Queue:
    """Lines that wait, at most 8 KiB: the oldest give way. `sent` and `dropped` count lines since the start."""

    def __init__(self):
        self._lines = []
        self._taken = 0  # of the oldest lines, those that are being sent
        self.bytes = 0
        self.sent = 0
        self.dropped = 0

    def counts(self) -> dict:
        """For /api/v1/status."""
        return {"waiting": len(self._lines), "sent": self.sent, "dropped": self.dropped}

    def add(self, line: bytes):
        """Keep a line; where there is no room, drop the oldest that isn't being sent."""
        self._lines.append(line)
        self.bytes += len(line)
        while self.bytes > _QUEUE_BYTES:
            self.bytes -= len(self._lines.pop(self._taken))
            self.dropped += 1

    def take(self) -> list[bytes]:
        """The oldest lines, as many as one request may hold. They stay until `remove`."""
        count = size = 0
        for line in self._lines:
            size += len(line)
            if count and size > _POST_BYTES:
                break
            count += 1
        self._taken = count
        return self._lines[:count]

    def keep(self):
        """What was taken could not be sent: it waits on, as all others do."""
        self._taken = 0

    def remove(self, were_stored: bool):
        """What was taken is done with."""
        count = self._taken
        self.bytes -= sum([len(line) for line in self._lines[:count]])
        del self._lines[:count]
        self._taken = 0
        if were_stored:
            self.sent += count
        else:
            self.dropped += count


class Keeper:
    """Puts each new reading into the queue, once it has a time: at most one a second, which is what the time tells."""

    def __init__(self, context, queue: Queue, progress):
        self._consumer = context.hub.subscribe(progress)
        self._packs = context.hub.packs
        self._queue = queue
        self._names = context.config["influx"]["measurement"], context.device_id
        self._clock = context.clock
        self._seen = [0] * len(self._packs)
        self._kept_s = [None] * len(self._packs)

    async def run(self):
        """Look whenever something changed."""
        while True:
            await self._consumer.changed()
            self.look()

    def look(self):
        """Keep what is new."""
        for i, pack in enumerate(self._packs):
            if pack.sequence == self._seen[i]:
                continue
            self._seen[i] = pack.sequence
            time_s = self._clock.unix_s_at(pack.read_ms)
            if time_s not in (None, self._kept_s[i]):
                self._kept_s[i] = time_s
                self._queue.add(line_of(*self._names, pack, time_s))


class Sender:
    """Sends what waits, every `batch_s` or as soon as half of the queue is full.

    The network's OSError ends here, and so does a store that is busy: what was to be sent waits on, and pauses grow
    from 1 s to 60 s. What the store refuses would be refused again: it is dropped, and its words are logged once.
    """

    def __init__(self, context, queue: Queue, progress, catch_up=None):
        self._context = context
        self._catch_up = catch_up
        self._log = context.log
        self._queue = queue
        self._progress = progress
        self._settings = context.config["influx"]
        self._host, self._port, self._path = split_url(self._settings["url"])
        self._since_ms = context.clock.uptime_ms()
        self._buffer = SendBuffer()
        self._told = None  # the status of the refusal that was logged
        self._dropped_before = 0

    async def run(self):
        """Send for ever."""
        hub = self._context.hub
        pause_s = 1
        while True:
            await self._wait_for_batch()
            joined = hub.joined
            try:
                await self._send_all()
                pause_s = 1
            except (OSError, EOFError, asyncio.TimeoutError) as error:
                reason = self._context.heap.shortage() or str(error) or "no answer"
                waiting = self._queue.counts()["waiting"]
                self._log.warning("influx: %s; %d wait; next try in %d s" % (reason, waiting, pause_s))
                self._queue.keep()
                if self._catch_up:
                    self._catch_up.is_behind = True
                self._progress.within(1000 * pause_s + _STEP_MS)
                pause_s = await hub.pause(pause_s, joined)

    async def _wait_for_batch(self):
        while not self._is_due():
            self._progress.within(_STEP_MS)
            await sleep_ms(1000)

    def _is_due(self) -> bool:
        waiting_bytes = self._queue.bytes
        if 2 * waiting_bytes >= _QUEUE_BYTES or (self._catch_up and self._catch_up.is_due()):
            return True
        waited_ms = self._context.clock.uptime_ms() - self._since_ms
        return waiting_bytes > 0 and waited_ms >= 1000 * self._settings["batch_s"]

    async def _send_all(self):
        """Send until nothing waits; raises the OSError, EOFError or asyncio.TimeoutError that ended it."""
        if self._catch_up:
            self._catch_up.begin()
        while self._queue.bytes:
            self._queue.remove(await self._store(self._queue.take()))
        if self._catch_up:
            await self._catch_up.end(self._store)
        self._since_ms = self._context.clock.uptime_ms()

    async def _store(self, lines: list[bytes]) -> bool:
        """Whether the store took these lines; raises OSError where it may take them later."""
        self._progress.within(_STEP_MS)
        status, text = await self._post(lines)
        if status >= 500 or status in _BUSY:
            raise OSError("the store answers %d %s" % (status, text))
        self._tell(status, text)
        return status < 300

    def _tell(self, status: int, text: str):
        """Say a refusal once, until something was taken; and how much a store that was away has missed."""
        if status >= 300:
            if self._told != status:
                self._log.warning("influx: the store refuses what it was sent: %d %s" % (status, text))
            self._told = status
            return
        self._told = None
        if self._queue.dropped != self._dropped_before:
            self._log.warning("influx: %d readings were dropped" % (self._queue.dropped - self._dropped_before))
            self._dropped_before = self._queue.dropped

    async def _post(self, lines: list[bytes]) -> tuple[int, str]:
        """Status and words of the answer: the words are read only where something is wrong."""
        wire = Wire()
        answer = bytearray()
        try:
            await wait_for_ms(self._exchange(wire, lines, answer), _POST_MS)
        except (OSError, EOFError, asyncio.TimeoutError):
            if len(answer) < _STATUS_BYTES:
                raise
        finally:
            wire.close()
        return status_of(bytes(answer))

    async def _exchange(self, wire: Wire, lines: list[bytes], answer: bytearray):
        await wire.open(self._host, self._port, None)
        pieces, rest = iter(lines), self._head(sum([len(line) for line in lines]))
        while rest is not None:
            self._buffer.clear()
            rest = self._buffer.fill(pieces, rest)
            await _write(wire, self._buffer.content())
        answer += await wire.read_exactly(_STATUS_BYTES)
        while answer[9:10] != b"2" and len(answer) < _ANSWER_BYTES:
            answer += await wire.read_exactly(1)

    def _head(self, body_bytes: int) -> bytes:
        head = "POST %s HTTP/1.1\r\nHost: %s:%d\r\n" % (self._path, self._host, self._port)
        head += "Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n" % body_bytes
        settings = self._settings
        if settings["token"]:
            head += "Authorization: Token %s\r\n" % settings["token"]
        elif settings["user"]:
            head += "Authorization: Basic %s\r\n" % basic(settings["user"], settings["password"] or "")
        return (head + "\r\n").encode()


async def _write(wire: Wire, left: memoryview):
    while len(left):
        count = wire.write(left)
        left = left[count:]
        if not count:
            await sleep_ms(_POLL_MS)
