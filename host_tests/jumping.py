"""The application's own loop on CPython, with a clock that jumps: days of running in seconds."""

import asyncio
import gc
import selectors
from types import SimpleNamespace

import evencell.compat
from evencell import app


class JumpingSelector(selectors.DefaultSelector):
    """Never waits: where nothing is ready, the time it would have waited has passed."""

    now_s = 1000.0

    def select(self, timeout=None):
        ready = super().select(0)
        if not ready and timeout:
            self.now_s += timeout
        return ready


class JumpingLife:
    """The application on a board, `live(seconds)` by a clock that jumps. `selector.now_s` is its time."""

    def __init__(self, monkeypatch, selector: JumpingSelector, board):
        self._selector = selector
        monkeypatch.setattr(gc, "threshold", lambda _bytes: None, raising=False)  # CPython has none
        clock = SimpleNamespace(monotonic_ns=lambda: int(selector.now_s * 1e9))
        monkeypatch.setattr(evencell.compat, "time", clock)
        self.board = board
        self.context = app.Context(board)
        self.context.log.enlarge(1 << 16)  # nothing that a test looks for is overwritten

    def live(self, seconds: float, beside=None):
        """`beside(context)`: another task."""
        with asyncio.Runner(loop_factory=self.new_loop) as runner:
            runner.run(self._live(seconds, beside))

    def new_loop(self) -> asyncio.SelectorEventLoop:
        """One whose time is the clock's."""
        loop = asyncio.SelectorEventLoop(self._selector)
        loop.time = lambda: self._selector.now_s
        return loop

    def log(self) -> str:
        return "\n".join(self.context.log.lines())

    async def _live(self, seconds, beside):
        running = asyncio.create_task(app.run(self.context))
        if beside:
            asyncio.create_task(beside(self.context))  # noqa: RUF006 - it lives as long as this loop
        await asyncio.sleep(seconds)
        assert not running.done(), running.exception()
        running.cancel()
