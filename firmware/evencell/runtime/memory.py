"""Memory policy: the plan of the build, the reserve of the network, and what is done when it is used up.

An ESP32 has two heaps: MicroPython's GC heap, and ESP-IDF's, from which Wi-Fi, sockets and TLS allocate. If the first
grows, it takes from the second. docs/memory.md explains the policy and where its numbers come from.
"""

import gc

from evencell.compat import const, mem_alloc, mem_free

_PLENTY_BYTES = const(524_288)  # more than the memory of any chip without PSRAM
_RESERVE_BYTES = const(8_000)  # of the network's heap; below, load is shed
_RESERVE_BLOCK = const(6_000)  # the same for its largest block
_ENOUGH_BYTES = const(10_000)  # above, load is taken again
_ENOUGH_BLOCK = const(8_000)
_DYING_BLOCK = const(2_048)
_DYING_MS = const(10_000)
_CHECK_MS = const(2_000)
_STEP_MS = const(6_000)  # from one step of shedding to the next
_CALM_MS = const(20_000)  # with enough memory, before a step is taken back
_SILENT_MS = const(600_000)  # without shedding, before it is logged again
_RADIO_RESET_MS = const(600_000)  # a radio reset that helped for a shorter time did not help
_GROWN_BYTES = const(1_024)  # beyond the plan: more than rounding
_GROWN_CHECKS = const(3)  # in a row: the two heaps are not read at the same moment
_LOG_BYTES = const(8_192)  # some 200 lines
_SMALL_LOG_BYTES = const(2_048)
_MAX_STREAMS = const(4)

SHED_ORDER = ("stream", "history", "discovery")
_SHED = ("event streams", "history requests", "announcements to Home Assistant")
_GROWN = "MicroPython's heap has grown beyond its plan, into the memory of the network; restarting"
_STARVED = "the network is out of memory, and a reset of the radio did not help; restarting"


class MemoryPolicy:
    """Watches both heaps of `board`.

    `is_plentiful`: the GC heap is so large that no module has to be unloaded (PSRAM, or a computer). `log_bytes` and
    `max_streams` are what the plan allows. `reset_radio`: a function that switches the radio off and on, if there is a
    radio.
    """

    def __init__(self, board, log):
        self._board = board
        self._log = log
        total = mem_alloc() + mem_free()  # mem_free() counts PSRAM into which the GC heap can grow
        self.is_plentiful = not total or total >= _PLENTY_BYTES
        self.log_bytes = _LOG_BYTES if self.is_plentiful else _SMALL_LOG_BYTES
        self.max_streams = _MAX_STREAMS
        self.reset_radio = None
        self.is_short = False  # at the last check
        self._gc_limit = 0  # total bytes of the GC heap; 0: not checked
        self._grown_checks = 0
        self._shed = 0  # steps taken in SHED_ORDER
        self._logged = 0  # steps that are logged
        self._checked_ms = self._shed_ms = self._calm_ms = 0
        self._dying_ms = None  # since when, or since the radio reset
        self._radio_reset_ms = None

    def use_plan(self, gc_bytes: int, log_bytes: int | None, max_streams: int | None):
        """Take the numbers of the plan. `gc_bytes`: total that boot.py claimed for the GC heap, or 0."""
        if gc_bytes and not self.is_plentiful:
            # What has grown before this moment does so at each start: a restart would not help.
            self._gc_limit = max(gc_bytes, self._board.gc_heap()[0])
        self.log_bytes = log_bytes or self.log_bytes
        self.max_streams = _MAX_STREAMS if max_streams is None else max_streams

    def allows(self, what: str) -> bool:
        """Whether there is memory for a "stream", a "history" request or a "discovery" announcement."""
        return SHED_ORDER.index(what) >= self._shed

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
        self._adjust_load(now_ms, heap)
        if self._has_grown():
            return _GROWN
        return self._relieve(now_ms, heap[1])

    def _adjust_load(self, now_ms: int, heap: tuple):
        """One step more while memory is below the reserve, one less when it was enough for a while."""
        self.is_short = heap[0] < _RESERVE_BYTES or heap[1] < _RESERVE_BLOCK
        if heap[0] < _ENOUGH_BYTES or heap[1] < _ENOUGH_BLOCK:
            self._calm_ms = now_ms
        if self.is_short:
            if self._shed < len(SHED_ORDER) and (not self._shed or now_ms - self._shed_ms >= _STEP_MS):
                self._shed += 1
                self._shed_ms = now_ms
                self._log_step(heap)
        elif self._shed and now_ms - self._calm_ms >= _CALM_MS:
            self._shed -= 1
            self._shed_ms = self._calm_ms = now_ms
            if not self._shed:
                self._log.info("memory: the network has enough again (%d bytes free, %d in one piece)" % heap)
        elif not self._shed and now_ms - self._shed_ms >= _SILENT_MS:
            self._logged = 0

    def _log_step(self, heap: tuple):
        """Log a step once, not each time when memory is near the limit."""
        if self._shed > self._logged:
            self._logged = self._shed
            text = "memory: the network has %d bytes free, %d in one piece; suspended: %s"
            self._log.warning(text % (heap + (", ".join(_SHED[: self._shed]),)))

    def _has_grown(self) -> bool:
        if not self._gc_limit:
            return False
        is_above = self._board.gc_heap()[0] > self._gc_limit + _GROWN_BYTES
        self._grown_checks = self._grown_checks + 1 if is_above else 0
        return self._grown_checks >= _GROWN_CHECKS

    def _relieve(self, now_ms: int, largest: int) -> str | None:
        """Where the network is dying: collect, then reset the radio, then restart. Allocates nothing but log lines."""
        if largest >= _DYING_BLOCK:
            self._dying_ms = None
            return None
        if self._dying_ms is None:
            self._dying_ms = now_ms
            gc.collect()  # sockets that nobody uses any more are closed by it
            return None
        if now_ms - self._dying_ms < _DYING_MS:
            return None
        gc.collect()
        was_reset = self._radio_reset_ms is not None and now_ms - self._radio_reset_ms < _RADIO_RESET_MS
        if was_reset or not self.reset_radio:
            return _STARVED
        self._log.error("memory: the network is out of memory; resetting the radio")
        self._radio_reset_ms = self._dying_ms = now_ms
        self.reset_radio()
        return None
