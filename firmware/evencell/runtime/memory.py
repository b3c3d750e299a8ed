"""Memory policy: the plan of the build, the reserve of the network, and what follows when it is used up.

An ESP32 has two heaps: MicroPython's GC heap, and ESP-IDF's, from which Wi-Fi, sockets and TLS allocate. If the first
grows, it takes from the second. docs/memory.md explains the policy and where its numbers come from.
"""

from evencell.compat import const, mem_alloc, mem_free
from evencell.runtime.lazy import unload

_PLENTY_BYTES = const(524_288)  # more than the memory of any chip without PSRAM
_RESERVE_BYTES = const(8_000)  # of the network's heap; below, load is shed
_RESERVE_BLOCK = const(6_000)  # the same for its largest block
_CHECK_MS = const(2_000)
_GROWN_BYTES = const(1_024)  # beyond the plan: more than rounding
_LOG_BYTES = const(8_192)  # some 200 lines
_SMALL_LOG_BYTES = const(2_048)
_MAX_STREAMS = const(4)
_RELIEF = "evencell.runtime.relief"

SHED_ORDER = ("stream", "history", "discovery")


class MemoryPolicy:
    """Watches both heaps of `board`. What to do when one of them runs out is in relief.py, loaded only then.

    `is_plentiful`: the GC heap is so large that no module has to be unloaded (PSRAM, or a computer). `log_bytes` and
    `max_streams` are what the plan allows. `is_short`: the network's heap was below its reserve at the last check.
    `reset_radio`: a function that switches the radio off and on, if there is a radio. `shed`: steps taken in
    SHED_ORDER. `gc_limit`: planned size of the GC heap in bytes, 0 where it may have any. `reserved`: 1 while a request
    takes the memory of event streams (forward/http/room.py), else 0.
    """

    def __init__(self, board, log):
        self._board = board
        self._log = log
        total = mem_alloc() + mem_free()  # mem_free() counts PSRAM into which the GC heap can grow
        self.is_plentiful = not total or total >= _PLENTY_BYTES
        self.log_bytes = _LOG_BYTES if self.is_plentiful else _SMALL_LOG_BYTES
        self.max_streams = _MAX_STREAMS
        self.reset_radio = None
        self.is_short = False
        self.shed = 0
        self.reserved = 0
        self.gc_limit = 0
        self._checked_ms = 0
        self._relief = None  # while something is wrong, or was not long ago

    def use_plan(self, gc_bytes: int, log_bytes: int | None, max_streams: int | None):
        """Take the numbers of the plan. `gc_bytes`: total that boot.py claimed for the GC heap, or 0."""
        if gc_bytes and not self.is_plentiful:
            # What has grown before this moment does so at each start: a restart would not help.
            self.gc_limit = max(gc_bytes, self._board.gc_heap()[0])
        self.log_bytes = log_bytes or self.log_bytes
        self.max_streams = _MAX_STREAMS if max_streams is None else max_streams

    def allows(self, what: str) -> bool:
        """Whether there is memory for a "stream", a "history" request or a "discovery" announcement."""
        return SHED_ORDER.index(what) >= max(self.shed, self.reserved)

    def shortage(self, needed_bytes: int = 0) -> str:
        """A sentence for an owner if the network has less memory than its reserve, or than `needed_bytes`; else ""."""
        heap = self._board.network_heap()
        if heap and (heap[0] < max(needed_bytes, _RESERVE_BYTES) or heap[1] < _RESERVE_BLOCK):
            return "not enough memory for the network (%d bytes free, %d in one piece)" % heap
        return ""

    def tick(self, now_ms: int) -> str | None:
        """Check the heaps, every two seconds at most; returns why the device has to restart, or None."""
        if now_ms - self._checked_ms < _CHECK_MS:
            return None
        self._checked_ms = now_ms
        heap = self._board.network_heap()
        if heap is None:
            return None
        self.is_short = heap[0] < _RESERVE_BYTES or heap[1] < _RESERVE_BLOCK
        has_grown = self.gc_limit and self._board.gc_heap()[0] > self.gc_limit + _GROWN_BYTES
        if self._relief is None:
            if not self.is_short and not has_grown:
                return None
            from evencell.runtime.relief import Relief

            self._relief = Relief(self, self._log)
        reason = self._relief.tick(now_ms, heap, has_grown)
        if self._relief.is_over:
            self._relief = None
            unload(_RELIEF)
        return reason
