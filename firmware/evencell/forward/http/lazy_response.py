"""Responses of lazy handlers: one at a time, because their code is loaded for the request and unloaded afterwards."""

from evencell.compat import const, sleep_ms, ticks_add, ticks_ms
from evencell.forward.http.server import (
    GRACE_MS,
    LATE_MS,
    SESSION,
    TASK,
    WRITER,
    RefusalError,
    error,
    internal_error,
    no_memory,
    send_response,
)

_LOCK_TIMEOUT_MS = const(20_000)  # while others use lazy modules: several that read slowly
_SEND_TIMEOUT_MS = const(300_000)  # a month of history
_BUSY = "another request is being answered; try again in a moment"


class LazyResponse:
    """The response that `await answer(context, request, load)` in a lazy handler's module returns (router.py).

    `load(name)` imports a module that is unloaded together with the handler's. Loading blocks the event loop, so a
    handler awaits `sleep_ms(0)` between modules. `resident`: a handler without a module, which may need a login.
    """

    def __init__(self, context, pace_ms: int, request, resident):
        self._context = context
        self._pace_ms = pace_ms
        self._request = request
        self._resident = resident

    async def send(self, connection, leave):
        """Load, answer, unload; returns as `send` of a Response does. Raises OSError or asyncio.TimeoutError."""
        context, request = self._context, self._request
        writer, has_body = connection[WRITER], request.method != "HEAD"
        request.peer = writer.get_extra_info("peername")
        connection[LATE_MS] = ticks_add(ticks_ms(), _LOCK_TIMEOUT_MS)
        scope = await context.lazy_lock.wait(_LOCK_TIMEOUT_MS)
        if scope is None:
            await send_response(writer, error(503, _BUSY), context.send_buffer, 0, has_body)
            return False
        try:
            task, connection[TASK] = connection[TASK], None  # no handler is cut off
            response = await context.supervisor.contain("a request", self._answer(scope)) or internal_error()
            response.headers += request.cors
            if not hasattr(response.body, "send"):  # no generator: nothing of the handler is needed any more
                self._close(scope)
                scope = None
                if response.send:
                    connection[SESSION] = request.session
                    return await response.send(connection, leave)
                connection[TASK], connection[LATE_MS] = task, ticks_ms()
                await request.discard()  # others use lazy modules meanwhile
            del self._request, request  # its memory is needed now
            connection[TASK], connection[LATE_MS] = task, ticks_add(ticks_ms(), GRACE_MS)
            await send_response(writer, response, context.send_buffer, self._pace_ms, has_body, _SEND_TIMEOUT_MS)
            return False
        finally:
            if scope:
                self._close(scope)

    def _close(self, scope):
        self._context.lazy_lock.close(scope)
        self._context.heap.reserved = 0

    async def _answer(self, scope):
        context, request = self._context, self._request
        try:
            found = scope.load("evencell.forward.http.router").find(context, request, scope.load)
            scope.unload()
            if found == "":
                return self._resident(request)
            if not isinstance(found, str):
                return found
            found, _, needed = found.partition(" ")
            if needed and context.heap.gc_limit:
                await scope.load("evencell.forward.http.room").wait(context, needed)
                scope.unload()
            handler = scope.load(found)
            await sleep_ms(0)
            return await handler.answer(context, request, scope.load)
        except RefusalError as refusal:
            return error(*refusal.args)
        except MemoryError:
            context.log.warning("http: not enough memory for %s" % request.path)
            return no_memory()
