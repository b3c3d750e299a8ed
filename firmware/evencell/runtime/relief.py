"""Relief while the network's memory runs out (docs/memory.md): sheds load, resets the radio, restarts.

Below the reserve load is shed step by step. Where the network fails, the radio is reset; where that did not help, or
the GC heap has grown beyond its plan, the device restarts.
"""

import gc

from evencell.compat import const
from evencell.runtime.lazy import call
from evencell.runtime.memory import SHED_ORDER

_ENOUGH_BYTES = const(10_000)  # above, load is taken again
_ENOUGH_BLOCK = const(8_000)
_CRITICAL_BLOCK = const(2_048)
_RECOVERED_BLOCK = const(4_096)  # hysteresis
_CRITICAL_MS = const(10_000)
_STEP_MS = const(6_000)  # from one step of shedding to the next
_STABLE_MS = const(20_000)  # with enough memory, before a step is taken back
_SILENT_MS = const(600_000)  # without shedding: the shortage is over, and the next one is logged anew
_RADIO_RESET_MS = const(600_000)  # a radio reset that helped for a shorter time did not help
_GROWN_CHECKS = const(3)  # in a row: the two heaps are not read at the same moment

_SHED = ("event streams", "history requests", "announcements to Home Assistant")
_GROWN = "the GC heap has grown beyond its plan, into the network's; restarting. Running: %s"
_OUT_OF_MEMORY = "the network is out of memory; restarting"


class Relief:
    """One shortage. `policy` (memory.py) holds the steps of shedding; `is_over`: this may be unloaded."""

    def __init__(self, policy, log):
        self._policy = policy
        self._log = log
        self._grown_checks = 0
        self._logged = 0  # steps that are logged
        self._is_shortage_logged = False  # but not yet its end
        self._shed_ms = self._stable_ms = 0
        self._critical_ms = None  # since when, or since the radio reset
        self._radio_reset_ms = None
        self.is_over = False

    def tick(self, now_ms: int, heap: tuple, has_grown) -> str | None:
        """Take the next step; returns why the device has to restart, or None.

        `heap`: bytes free for the network, and the largest block.
        """
        self._adjust_load(now_ms, heap)
        self._grown_checks = self._grown_checks + 1 if has_grown else 0
        if self._grown_checks >= _GROWN_CHECKS:
            return _GROWN % call("evencell.runtime.plan", "running")  # there is room for it in what has grown
        return self._save(now_ms, heap[1])

    def _adjust_load(self, now_ms: int, heap: tuple):
        """One step more while memory is below the reserve, one less when it was enough for a while."""
        policy = self._policy
        if heap[0] < _ENOUGH_BYTES or heap[1] < _ENOUGH_BLOCK:
            self._stable_ms = now_ms
        if policy.is_short:
            if policy.shed < len(SHED_ORDER) and (not policy.shed or now_ms - self._shed_ms >= _STEP_MS):
                policy.shed += 1
                self._shed_ms = now_ms
                self._log_step(heap)
        elif policy.shed and now_ms - self._stable_ms >= _STABLE_MS:
            policy.shed -= 1
            self._shed_ms = self._stable_ms = now_ms
            if not policy.shed and self._is_shortage_logged:
                self._is_shortage_logged = False
                self._log.info("memory: the network has enough again (%d bytes free, %d in one piece)" % heap)
        elif not policy.shed and not self._grown_checks:
            self.is_over = now_ms - self._shed_ms >= _SILENT_MS

    def _log_step(self, heap: tuple):
        """Log a step once, not each time when memory is near the limit."""
        if self._policy.shed > self._logged:
            self._logged = self._policy.shed
            self._is_shortage_logged = True
            text = "memory: the network has %d bytes free, %d in one piece; off for now: %s"
            self._log.warning(text % (heap + (", ".join(_SHED[: self._logged]),)))

    def _save(self, now_ms: int, largest: int) -> str | None:
        """Where the largest block is critical: collect garbage, then reset the radio, then restart."""
        if largest >= (_CRITICAL_BLOCK if self._critical_ms is None else _RECOVERED_BLOCK):
            self._critical_ms = None
            return None
        if self._critical_ms is None:
            self._critical_ms = now_ms
            gc.collect()  # sockets that nothing uses any more are closed by it
            return None
        if now_ms - self._critical_ms < _CRITICAL_MS:
            return None
        gc.collect()
        was_reset = self._radio_reset_ms is not None and now_ms - self._radio_reset_ms < _RADIO_RESET_MS
        if was_reset or not self._policy.reset_radio:
            return _OUT_OF_MEMORY
        self._log.error("memory: the network is out of memory; resetting the radio")
        self._radio_reset_ms = self._critical_ms = now_ms
        self._policy.reset_radio()
        return None
