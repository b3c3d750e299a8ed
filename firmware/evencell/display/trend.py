"""Trend of delta and pack voltage over the last hour and the last day: two ring buffers in RAM."""

from array import array

from evencell.compat import const

POINTS = const(64)
NOTHING = const(0xFFFF)  # a step without a reading
HOUR_STEP_MS = const(56_250)
DAY_STEP_MS = const(1_350_000)


class Trend:
    """Ring buffers of one pack: of the last hour and of the last day."""

    __slots__ = ("_sequence", "day", "hour")

    def __init__(self):
        self.hour = Ring(HOUR_STEP_MS)
        self.day = Ring(DAY_STEP_MS)
        self._sequence = 0

    def update(self, now_ms: int, pack):
        """Add the pack's latest reading, unless it was added before."""
        status = pack.accepted
        if pack.sequence != self._sequence and status.delta_mv is not None:
            self._sequence = pack.sequence
            self.hour.put(now_ms, status.delta_mv, status.pack_mv)
            self.day.put(now_ms, status.delta_mv, status.pack_mv)


class Ring:
    """Ring buffer of POINTS steps: largest delta in mV, last pack voltage in 10 mV; NOTHING without a reading."""

    __slots__ = ("_step", "deltas_mv", "packs_cv", "step_ms")

    def __init__(self, step_ms: int):
        self.step_ms = step_ms
        self._step = -1
        self.deltas_mv = array("H", [NOTHING] * POINTS)
        self.packs_cv = array("H", [NOTHING] * POINTS)

    def put(self, now_ms: int, delta_mv: int, pack_mv: int):
        """Add a reading of this uptime."""
        at = self.advance_to(now_ms)
        if self.deltas_mv[at] == NOTHING or delta_mv > self.deltas_mv[at]:
            self.deltas_mv[at] = delta_mv
        self.packs_cv[at] = pack_mv // 10

    def advance_to(self, now_ms: int) -> int:
        """Advance to this uptime, clear skipped steps; returns the newest index. The next index is the oldest."""
        step = now_ms // self.step_ms
        for passed in range(max(self._step + 1, step - POINTS + 1), step + 1):
            self.deltas_mv[passed % POINTS] = self.packs_cv[passed % POINTS] = NOTHING
        self._step = step
        return step % POINTS
