"""What is done while the memory of the network runs out (docs/memory.md): loaded then, and until it is over.

Below the reserve load is shed step by step. Where the network is dying, the radio is reset; where that did not help, or
the GC heap has grown beyond its plan, the device restarts.
"""

import gc

from evencell.compat import const
from evencell.runtime.memory import SHED_ORDER
from evencell.system.on_demand import call

_ENOUGH_BYTES = const(10_000)  # above, load is taken again
_ENOUGH_BLOCK = const(8_000)
_DYING_BLOCK = const(2_048)
_DYING_MS = const(10_000)
_STEP_MS = const(6_000)  # from one step of shedding to the next
_CALM_MS = const(20_000)  # with enough memory, before a step is taken back
_SILENT_MS = const(600_000)  # without shedding, before it is logged again; so long it is not over
_RADIO_RESET_MS = const(600_000)  # a radio reset that helped for a shorter time did not help
_GROWN_CHECKS = const(3)  # in a row: the two heaps are not read at the same moment

_SHED = ("event streams", "history requests", "announcements to Home Assistant")
_GROWN = "the GC heap has grown beyond its plan, into the network's; restarting. Running: %s"
_STARVED = "the network is out of memory; restarting"


class Relief:
    """One shortage. `policy` (memory.py) holds the steps of shedding that others see; `is_over`: it may be unloaded."""

    def __init__(self, policy, log):
        self._policy = policy
        self._log = log
        self._grown_checks = 0
        self._logged = 0  # steps that are logged
        self._is_told = False  # that memory is short, and not yet that it is enough again
        self._shed_ms = self._calm_ms = 0
        self._dying_ms = None  # since when, or since the radio reset
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
            self._calm_ms = now_ms
        if policy.is_short:
            if policy.shed < len(SHED_ORDER) and (not policy.shed or now_ms - self._shed_ms >= _STEP_MS):
                policy.shed += 1
                self._shed_ms = now_ms
                self._log_step(heap)
        elif policy.shed and now_ms - self._calm_ms >= _CALM_MS:
            policy.shed -= 1
            self._shed_ms = self._calm_ms = now_ms
            if not policy.shed and self._is_told:
                self._is_told = False
                self._log.info("memory: the network has enough again (%d bytes free, %d in one piece)" % heap)
        elif not policy.shed and not self._grown_checks:
            self.is_over = now_ms - self._shed_ms >= _SILENT_MS

    def _log_step(self, heap: tuple):
        """Log a step once, not each time when memory is near the limit."""
        if self._policy.shed > self._logged:
            self._logged = self._policy.shed
            self._is_told = True
            text = "memory: the network has %d bytes free, %d in one piece; suspended: %s"
            self._log.warning(text % (heap + (", ".join(_SHED[: self._logged]),)))

    def _save(self, now_ms: int, largest: int) -> str | None:
        """Where the network is dying: collect, then reset the radio, then restart. Allocates nothing but log lines."""
        if largest >= _DYING_BLOCK:
            self._dying_ms = None
            return None
        if self._dying_ms is None:
            self._dying_ms = now_ms
            gc.collect()  # sockets that nothing uses any more are closed by it
            return None
        if now_ms - self._dying_ms < _DYING_MS:
            return None
        gc.collect()
        was_reset = self._radio_reset_ms is not None and now_ms - self._radio_reset_ms < _RADIO_RESET_MS
        if was_reset or not self._policy.reset_radio:
            return _STARVED
        self._log.error("memory: the network is out of memory; resetting the radio")
        self._radio_reset_ms = self._dying_ms = now_ms
        self._policy.reset_radio()
        return None
