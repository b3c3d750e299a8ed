"""An answer whose code is loaded for it and unloaded then: only one at a time, and none beside a backlog."""

from evencell.compat import const, sleep_ms
from evencell.forward.server import error, send_response
from evencell.net.tcp import SendBuffer

_WAIT_MS = const(5_000)  # for others who use lazy modules
_LIMIT_MS = const(300_000)  # for the history of a month
_BUSY = "another answer is being made; try again in a moment"
_NO_MEMORY = "there is not enough memory for this just now; try again in a minute"


class LazyResponse:
    """`answer(module, request, load)` makes the response, with the last of `modules`, the names of what it needs.
    `load(name)` gives a module that is needed later, and unloaded with the others.

    Loading stops the event loop, so what a module imports stands before it, and other tasks run in between.
    """

    def __init__(self, context, pace_ms: int, request, modules: tuple, answer):
        self._context = context
        self._pace_ms = pace_ms
        self._request = request
        self._modules = modules
        self._answer = answer

    async def send(self, writer, _leave):
        """Load, answer, unload; raises OSError or asyncio.TimeoutError."""
        lock = self._context.lazy_lock
        request = self._request
        has_body = request is not None and request.method != "HEAD"
        scope = await lock.wait(_WAIT_MS)
        if scope is None:
            await send_response(writer, error(503, _BUSY), SendBuffer(), 0, has_body)
            return
        try:
            buffer = SendBuffer()  # before the heap is scattered by what is loaded
            response = await self._made(scope)
            self._request = None
            await send_response(writer, response, buffer, self._pace_ms, has_body, _LIMIT_MS)
        finally:
            lock.close(scope)

    async def _made(self, scope):
        supervisor = self._context.supervisor
        module = name = None
        try:
            for name in self._modules:
                module = scope.load(name)
                await sleep_ms(0)
        except MemoryError:
            self._context.log.warning("http: not enough memory to load %s" % name)
            return error(503, _NO_MEMORY)
        response = supervisor.result_of("a request", self._answer, module, self._request, scope.load)
        return response or error(500, "a fault of the firmware; its log says more")
