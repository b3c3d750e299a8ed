"""`POST /api/v1/update`: a new version. Lazy handler.

An image takes minutes, so only this module stays in memory for as long. The code that takes the image is loaded in
turns, and in between other lazy handlers have theirs.
"""

import asyncio

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms, wait_for_ms
from evencell.forward.http.server import (
    JSON_TYPE,
    NO_MEMORY,
    WRITER,
    RefusalError,
    Response,
    error,
    json_response,
    no_memory,
    send_response,
)
from evencell.runtime.lazy import call

_HEAD_BYTES = const(2_560)  # both lines, with their ends
_READ_BYTES = const(256)
_PIECE_BYTES = const(512)
_PIECE_TIMEOUT_MS = const(10_000)
_IMAGE_TIMEOUT_MS = const(900_000)
_TURN_TIMEOUT_MS = const(120_000)  # while others use lazy modules
_SILENCE_MS = const(1_000)  # after which a client that was refused has stopped
_STEP_PERCENT = const(10)

_UPLOAD = "evencell.update.upload"
_NO_IMAGE = "this is no image of evencell: `make build` and `make firmware` make one"


async def answer(context, request, _load):
    """The response (lazy_response.py)."""
    return Response((), JSON_TYPE, send=Upload(context, request).send)


class Upload:
    """An image on its way: what lasts from one turn of its lazy modules to the next.

    `left`: bytes still to come; `header` is that of the image, `size` how many bytes follow its head. `writer`: the
    module whose `write` takes the next bytes, `closer` the one that ends it. The rest is set by these modules.
    """

    def __init__(self, context, request):
        self.context = context
        self.request = request
        self.left = request.length
        self.header, self.size, self.writer, self.closer = {}, 0, "", ""
        self.file = self.manifest = None  # open ones
        self.is_noted = False
        self.progress = {}  # what `context.update` is meanwhile
        self._percent = 0  # what was reported
        self._buffer = memoryview(bytearray(_PIECE_BYTES))
        self._since_ms = ticks_ms()
        self._scope, self._loaded = None, ""

    def refusal(self, status: int, sentence: str) -> RefusalError:
        """What is raised to end the upload with this response."""
        return RefusalError(status, sentence)

    async def send(self, connection, _leave):
        """Receive the image, and respond; a Response's `send`."""
        try:
            response = await self._receive()
        except RefusalError as refusal:
            response = error(*refusal.args)
            await self._abandon(refusal.args[-1])
        except MemoryError:
            response = no_memory()
            await self._abandon(NO_MEMORY)
        except (OSError, EOFError):
            await self._abandon("the connection ended before the image was complete")
            raise
        finally:
            self._close_scope()
            if self.context.update is self.progress and self.progress["state"] == "receiving":
                self.context.update = None
        await send_response(connection[WRITER], response, self.context.send_buffer, 0)
        try:  # closing a socket with unread input may discard the response
            while self.left:
                await self._fill(_PIECE_BYTES, _SILENCE_MS)
        except (OSError, EOFError, RefusalError):
            pass  # the client has closed, or stopped
        return False

    async def _receive(self) -> Response:
        call(_UPLOAD, "begin", self)
        await self._write(await self._head())
        while self.left:
            await self._write(self._buffer[: await self._fill()])
        while not await self._turn(self.writer, "is_complete"):
            pass
        await self._turn(self.closer, "finish")
        await self._turn("evencell.update.state", "begin")
        await self._turn(self.closer, "activate")  # the last step: what happened before it changes nothing
        return json_response(await self._turn(_UPLOAD, "complete"))

    async def _abandon(self, why: str):
        self._close_scope()
        if self.context.update is self.progress:
            call(_UPLOAD, "abandon", self, why)
            await self._report()

    async def _head(self) -> bytes:
        """Have the head of the image verified; returns what came behind it."""
        request = self.request
        data = (request.received if request.body is None else request.body)[: request.length]
        self.left -= len(data)
        while data.count(b"\n") < 2:
            if len(data) >= _HEAD_BYTES or not self.left:
                raise self.refusal(400, _NO_IMAGE)
            data += bytes(self._buffer[: await self._fill(_READ_BYTES)])
        end = data.find(b"\n") + 1
        header, (self.seal, _, data) = data[:end], data[end:].partition(b"\n")
        self.size = len(data) + self.left
        await self._turn("evencell.update.keys", "verify", header)
        await self._turn(_UPLOAD, "read", header)
        await self._turn("evencell.update.conditions", "note")
        await self._turn(self.writer, "begin")
        await self._turn(_UPLOAD, "announce")
        await self._report(0)
        return data

    async def _fill(self, most: int = _PIECE_BYTES, timeout_ms: int = _PIECE_TIMEOUT_MS) -> int:
        """The number of bytes that came into the buffer, at least 1."""
        if ticks_diff(ticks_ms(), self._since_ms) > _IMAGE_TIMEOUT_MS:
            raise self.refusal(408, "the image took longer than %d minutes to arrive" % (_IMAGE_TIMEOUT_MS // 60_000))
        count = None
        while count is None:  # ready, and then there was nothing
            try:
                count = await wait_for_ms(
                    self.request.reader.readinto(self._buffer[: min(most, self.left)]), timeout_ms
                )
            except asyncio.TimeoutError:
                raise self.refusal(408, "nothing of the image came for %d s" % (timeout_ms // 1000))
        if not count:
            raise EOFError
        self.left -= count
        return count

    async def _write(self, data):
        """Let the writer take the data. Half of the time is for others: a write to the flash stops them all."""
        at = 0
        while at < len(data):
            began_ms = ticks_ms()
            at += await self._turn(self.writer, "write", data[at:])
            await sleep_ms(ticks_diff(ticks_ms(), began_ms))
        self.progress["bytes"] += len(data)
        percent = self.progress["bytes"] * 100 // self.size
        if percent - self._percent >= _STEP_PERCENT:
            self._percent = percent
            await self._report(percent)

    async def _report(self, *percent):
        if self.context.mqtt:
            try:
                await self._turn("evencell.forward.mqtt.update_state", "report", *percent)
            except (MemoryError, RefusalError):
                pass  # the forwarder connects again, or others were busy

    async def _turn(self, module: str, function: str, *arguments):
        """Call a function of a lazy module with this upload, in a turn among others that use lazy modules."""
        lock = self.context.lazy_lock
        if module != self._loaded:
            self._close_scope()
        scope = await lock.wait(_TURN_TIMEOUT_MS, self._scope)
        if scope is None:
            raise self.refusal(503, "others were busy for too long; try again in a minute")
        self._scope, self._loaded = scope, module
        try:
            result = getattr(scope.load(module), function)(self, *arguments)
            return await result if hasattr(result, "send") else result
        except OSError as problem:
            raise self.refusal(507, call("evencell.storage.errors", "sentence", "the image", problem))
        finally:
            lock.park(scope)

    def _close_scope(self):
        """Unload what was parked, unless others have done so."""
        scope = self._scope and self.context.lazy_lock.open(self._scope)
        if scope:
            self.context.lazy_lock.close(scope)
