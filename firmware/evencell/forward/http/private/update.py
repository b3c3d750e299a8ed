"""`POST /api/v1/update`: a new version. Lazy handler.

An image takes minutes. Its code is loaded for one piece at a time, and in between other lazy handlers have their turn.
"""

import asyncio

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms, wait_for_ms
from evencell.forward.http.server import (
    JSON_TYPE,
    NO_MEMORY,
    RefusalError,
    Response,
    error,
    json_response,
    send_response,
)
from evencell.runtime.lazy import call

_HEAD_BYTES = const(2_560)  # both lines, with their ends
_HEADER_BYTES = const(512)
_READ_BYTES = const(256)
_PIECE_BYTES = const(1_024)
_PIECE_TIMEOUT_MS = const(10_000)
_IMAGE_TIMEOUT_MS = const(900_000)
_TURN_TIMEOUT_MS = const(120_000)  # while others use lazy modules
_DISCARD_TIMEOUT_MS = const(30_000)
_SILENCE_MS = const(1_000)  # after which a client that was refused has stopped
_MAX_BYTES = const(4_194_304)  # more is no image for any of the boards
_RESTART_MS = const(1_000)  # for the response to arrive

_HEAD = "evencell.update.head"
_STATE = "evencell.update.state"
_UPDATE_STATE = "evencell.forward.mqtt.update_state"
_STEP_PERCENT = const(10)
_WRITERS = {"files": "evencell.update.slot_writer", "firmware": "evencell.update.partition_writer"}
_NO_IMAGE = "this is no image of evencell: `make build` and `make firmware` make one"
_NOT_HERE = "evencell is not updated over the air here, but as it was installed: docs/update.md"
_RUNNING = "another update is under way: wait until it has ended, and watch it at /api/v1/update"


async def answer(context, request, _load):
    """The response (lazy_response.py)."""
    return Response((), JSON_TYPE, send=Upload(context, request).send)


class Upload:
    """An image on its way: what lasts from one piece to the next, for the lazy modules that take them.

    `header` is that of the image once it is verified, `size` how many bytes follow its head, `kind` the one that this
    device takes, `slot` where it goes, `held` what must hold again. The rest is set by the writer of that kind.
    """

    def __init__(self, context, request):
        self.context = context
        self.allows_downgrade = "downgrade=1" in request.query.split("&")
        self.header, self.kind, self.slot, self.held, self.size = {}, "", "", None, 0
        self.file = self.manifest = None  # open ones of the writer
        self._request = request
        self._unread = request.length  # bytes still to come
        self._progress = {}
        self._scope = None
        self._percent = 0  # what was reported
        self._is_complete = False
        self._since_ms = ticks_ms()

    def refusal(self, status: int, sentence: str) -> RefusalError:
        """What is raised to end the upload with this response."""
        return RefusalError(status, sentence)

    def note(self):
        """Keep what the start after this update needs."""
        if not call(_STATE, "begin", self.context, self.header, self.slot, self.held):
            raise self.refusal(507, "update.json can't be written: watch the storage on the page")

    async def send(self, writer, _leave):
        """Receive the image, and respond; a Response's `send`."""
        context = self.context
        try:
            response = await self._receive()
        except RefusalError as refusal:
            response = error(*refusal.args)
            await self._end(refusal.args[-1])
        except MemoryError:
            response = error(503, NO_MEMORY)
            await self._end(NO_MEMORY)
        except (OSError, EOFError):
            await self._end("the connection ended before the image was complete")
            raise
        finally:
            if context.update is self._progress and not self._is_complete:
                context.update = None
        await send_response(writer, response, context.send_buffer, 0)
        await self._discard()
        return False

    async def _receive(self) -> Response:
        context = self.context
        if self._unread > _MAX_BYTES:
            raise self.refusal(413, "the body takes more than %d bytes: this is no image of evencell" % _MAX_BYTES)
        if context.update:
            raise self.refusal(409, _RUNNING)
        context.update = self._progress = {"state": "receiving", "bytes": 0, "size": self._unread}
        self.kind, _, self.slot = call(_STATE, "place", context.board)
        if not self.kind:
            raise self.refusal(409, _NOT_HERE)
        header, seal, data = await self._head()
        self.header = await self._turn(_HEAD, "read", self, header, seal)
        self._close_scope()
        await self._begin()
        await self._write(data)
        buffer = memoryview(bytearray(_PIECE_BYTES))
        while self._unread:
            await self._write(buffer[: await self._fill(buffer)])
        while not await self._flash("is_complete"):
            pass
        await self._flash("finish")
        self._close_scope()
        return self._succeed()

    async def _begin(self):
        context, header = self.context, self.header
        self._progress.update({"size": self.size, "version": header["version"], "kind": header["kind"]})
        self.held = await self._turn("evencell.update.conditions", "held", context)
        self._close_scope()
        await self._flash("begin")
        text = "evencell %s is being received into %s" % (header["version"], self.slot)
        call(_STATE, "announce", context, "receiving", text)
        await self._report()

    def _succeed(self) -> Response:
        self._is_complete = True
        context, version = self.context, self.header["version"]
        call(_STATE, "announce", context, "received", "evencell %s is complete; restarting" % version)
        context.supervisor.start("restart", self._restart)
        return json_response({"version": version, "slot": self.slot, "restart": True})

    async def _restart(self):
        await sleep_ms(_RESTART_MS)
        call("evencell.runtime.boot_state", "restart_by_owner", self.context)

    async def _end(self, why: str):
        """End an upload without success: what runs, runs on."""
        context = self.context
        if context.update is not self._progress:
            return
        for file in (self.file, self.manifest):
            if file:
                file.close()
        self._close_scope()
        call(_STATE, "announce", context, "refused", why)
        if self.held is not None:
            await self._report(is_over=True)

    async def _head(self) -> tuple:
        """The two lines before the image, the first with its end, and what came behind them."""
        request = self._request
        data = (request.received if request.body is None else request.body)[: request.length]
        self._unread -= len(data)
        while data.count(b"\n") < 2:
            if len(data) >= _HEAD_BYTES or not self._unread:
                raise self.refusal(400, _NO_IMAGE)
            piece = memoryview(bytearray(_READ_BYTES))
            data += bytes(piece[: await self._fill(piece)])
        end = data.find(b"\n") + 1
        seal, _, rest = data[end:].partition(b"\n")
        if end > _HEADER_BYTES or end + len(seal) >= _HEAD_BYTES:
            raise self.refusal(400, _NO_IMAGE)
        self.size = len(rest) + self._unread
        return data[:end], seal, rest

    async def _fill(self, buffer, timeout_ms: int = _PIECE_TIMEOUT_MS) -> int:
        """The number of bytes put into the buffer, at least 1."""
        if ticks_diff(ticks_ms(), self._since_ms) > _IMAGE_TIMEOUT_MS:
            raise self.refusal(408, "the image took longer than %d minutes to arrive" % (_IMAGE_TIMEOUT_MS // 60_000))
        count = None
        while count is None:  # ready, and then there was nothing
            try:
                reading = self._request.reader.readinto(buffer[: self._unread])
                count = await wait_for_ms(reading, timeout_ms)
            except asyncio.TimeoutError:
                raise self.refusal(408, "nothing of the image came for %d s" % (_PIECE_TIMEOUT_MS // 1000))
        if not count:
            raise EOFError
        self._unread -= count
        return count

    async def _write(self, data):
        """Let the writer take the data. Half of the time is for others: a write to the flash stops them all."""
        at = 0
        while at < len(data):
            began_ms = ticks_ms()
            at += await self._flash("write", data[at:])
            await sleep_ms(ticks_diff(ticks_ms(), began_ms))
        self._progress["bytes"] += len(data)
        if self._progress["bytes"] * 100 // self.size >= self._percent + _STEP_PERCENT:
            await self._report()

    async def _flash(self, function: str, *arguments):
        """Call a function of the writer, which changes the flash."""
        try:
            return await self._turn(_WRITERS[self.kind], function, self, *arguments)
        except OSError as problem:
            raise self.refusal(507, call("evencell.storage.errors", "sentence", "the image", problem))

    async def _report(self, is_over: bool = False):
        """Let Home Assistant know how far it is."""
        mqtt, context = self.context.mqtt, self.context
        if not mqtt or mqtt.status()["state"] != "connected" or not context.config["mqtt"]["discovery"]:
            return
        self._percent = self._progress["bytes"] * 100 // self.size // _STEP_PERCENT * _STEP_PERCENT
        state = () if is_over else (self.header["version"], self._percent)
        try:
            await self._turn(_UPDATE_STATE, "publish", mqtt.client, context, *state)
        except (OSError, MemoryError, RefusalError):
            pass  # the forwarder connects again, or others were busy
        self._close_scope()

    async def _turn(self, module: str, function: str, *arguments):
        """Call a function of a lazy module, in a turn among others that use lazy modules."""
        lock = self.context.lazy_lock
        scope = await lock.wait(_TURN_TIMEOUT_MS, self._scope)
        if scope is None:
            raise self.refusal(503, "others were busy for too long; try again in a minute")
        self._scope = scope
        try:
            result = getattr(scope.load(module), function)(*arguments)
            return await result if hasattr(result, "send") else result
        finally:
            lock.park(scope)

    def _close_scope(self):
        """Unload what was parked, unless others have done so."""
        scope = self._scope and self.context.lazy_lock.open(self._scope)
        if scope:
            self.context.lazy_lock.close(scope)

    async def _discard(self):
        """Read what still comes: closing a socket with unread input may discard the response."""
        try:
            await wait_for_ms(self._skip(), _DISCARD_TIMEOUT_MS)
        except (asyncio.TimeoutError, OSError, EOFError, RefusalError):
            pass  # it has closed, or does not end

    async def _skip(self):
        buffer = memoryview(bytearray(_READ_BYTES))
        while self._unread:
            await self._fill(buffer, _SILENCE_MS)
