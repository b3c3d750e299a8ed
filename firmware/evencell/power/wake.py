"""One wake of a device that sleeps: read, decide, sometimes report, sleep (docs/decisions/0024-wake-cycle.md)."""

import asyncio
import os

from evencell.clock.clock import Clock
from evencell.compat import const
from evencell.power.due import is_due, plan_retry, sleep_s
from evencell.power.guard import BALANCER_OFF, level_of
from evencell.power.held import append, has_room
from evencell.power.interval import next_interval_s
from evencell.power.reading import open_packs, read
from evencell.power.state import RTC_BYTES, WakeState
from evencell.runtime.lazy import call
from evencell.runtime.supervisor import run_guarded

_ABORTS = const(3)  # so many wakes in a row that did not come to their sleep are followed by a pause
_SHORTEST_PAUSE_S = const(60)
_LONGEST_PAUSE_S = const(21_600)
_MAX_DOUBLINGS = const(12)
_MAX_SLEEP_S = const(1_728_000)  # 20 days: milliseconds are a whole number of 31 bits
_PROMPT_TIMEOUT_MS = const(3_600_000)
_COLD = "evencell.power.cold"


def main(board):
    """Wake up, and sleep again. Returns at Ctrl-C alone, to the prompt."""
    wake = Wake(board)
    try:
        run_guarded(wake.run, wake.crashed)
    except KeyboardInterrupt:
        board.watchdog(_PROMPT_TIMEOUT_MS)
        return
    wake.sleep()


class Wake:
    """What a wake knows: `state` of RTC memory (state.py), `packs` as pairs of a PackState and its pack, `cause`
    (timer, button, "" after another start than from sleep).
    """

    def __init__(self, board):
        self.board = board
        self.rtc = board.rtc_memory(RTC_BYTES)
        state = self.state = WakeState(self.rtc.buffer)
        self.is_known = state.load()
        self.packs = []
        self._session = None
        now_ms = board.time_ns() // 1_000_000
        if not self.is_known:
            state.base_ms = now_ms
            state.run_id = int.from_bytes(os.urandom(2), "little")
        self.clock = Clock(board.set_time, board.time_ns, max(0, now_ms - state.base_ms))
        if state.has_pins:
            self.session().use_pins()
        self.sleeper = board.sleeper()
        self.cause = self.sleeper.cause()

    def run(self):
        """Everything but the sleep. The state is saved before each step that may end the wake early."""
        state = self.state
        if not self.is_known:
            state.aborted = call(_COLD, "count_start", self.session())
        if self._must_pause():
            return
        if state.is_transmitting:
            state.is_transmitting = 0
            plan_retry(state, self.now_s())
        state.aborted = min(state.aborted + 1, 255)
        self.save()
        if not (self.cause and state.packs):
            call(_COLD, "begin", self.session())
        self.packs = open_packs(self.board, state)
        asyncio.run(self._cycle())
        if self._session:
            self._session.finish()
        state.aborted = 0

    async def _cycle(self):
        state, clock = self.state, self.clock
        for pack_state, pack in self.packs:
            if await read(pack_state, pack, clock):
                self._keep(pack_state, pack)
        self.save()
        await self._guard()
        state.interval_s = next_interval_s(state, self.packs)
        if not self._is_safe():
            self.session().spill()
        is_asked = self.cause == "button" or not has_room(self.rtc.buffer, state)
        if is_due(state, self.now_s(), is_asked):
            await self.session().report()

    def _keep(self, pack_state, pack):
        """Append the reading to the outbox; its area in RTC memory is enough as long as it has room."""
        session = self._session
        if session or not append(self.rtc.buffer, self.state, pack_state, pack, self.clock):
            self.session().outbox.append(pack)

    async def _guard(self):
        """Judge how low the packs are."""
        state, level = self.state, 0
        for pack_state, pack in self.packs:
            level = max(level, level_of(pack.accepted, pack_state, state.low_pack_mv, state.level))
        state.level = level
        for _, pack in self.packs:
            if level >= BALANCER_OFF and pack.accepted.balancing_enabled:
                await self.session().switch_balancing_off(pack)

    def _is_safe(self) -> bool:
        """Whether a loss of RTC memory would cost fewer readings than allowed."""
        every = self.state.spill_every
        is_marked = all(pack.sequence - pack.marked < every for pack in self.state.packs)
        return is_marked and has_room(self.rtc.buffer, self.state)

    def now_s(self) -> int:
        """Uptime, which goes on through sleep."""
        return self.clock.uptime_ms() // 1000

    def session(self):
        """What a wake takes that does more than read, made when it is first needed."""
        if self._session is None:
            from evencell.power.session import Session

            self._session = Session(self)
        return self._session

    def save(self):
        """Keep the state, and what the outbox holds."""
        self.state.base_ms = self.board.time_ns() // 1_000_000 - self.clock.uptime_ms()
        self.state.save()
        self.rtc.save()

    def crashed(self, error):
        """Log and store a failure."""
        self.session().crashed(error)

    def sleep(self):
        """Sleep until the next wake; after wakes that failed, longer. Never returns."""
        state = self.state
        if state.aborted >= _ABORTS:
            state.is_pausing = 1
            doublings = min(state.aborted - _ABORTS, _MAX_DOUBLINGS)
            seconds = min(max(_SHORTEST_PAUSE_S, state.usual_s) << doublings, _LONGEST_PAUSE_S)
        else:
            seconds = sleep_s(state, self.now_s())
        self.save()
        self.sleeper.sleep(1000 * min(max(seconds, 1), _MAX_SLEEP_S))

    def _must_pause(self) -> bool:
        """Whether too many wakes were aborted, and no pause has followed them yet."""
        state = self.state
        is_over = state.aborted < _ABORTS or (state.is_pausing and self.cause)
        state.is_pausing = 0
        return not is_over
