"""One wake of a device that sleeps: decides whether it runs at all, runs it, and sleeps again (decisions/0025)."""

import asyncio
import gc
import os

from evencell.clock.clock import Clock
from evencell.compat import const
from evencell.power.state import TRIAL_RUNS, WakeState
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


class WakeClock(Clock):
    """A clock whose uptime goes on through sleep, as that of `sleeper` does."""

    def __init__(self, board, sleeper, uptime_ms: int):
        Clock.__init__(self, board.set_time, uptime_ms)
        self.sleeper = sleeper

    def time_ns(self) -> int:
        """Nanoseconds of that clock."""
        return self.sleeper.time_ns()


class Wake:
    """What a wake has: `state` of RTC memory (state.py), `clock`, `sleeper`, and `cause`: timer, button, or "" after
    another start than from sleep.
    """

    def __init__(self, board):
        self.board = board
        self.sleeper = board.sleeper()
        self.rtc = self.sleeper.rtc
        state = self.state = WakeState(self.rtc.buffer)
        self._is_known = state.load()
        now_ms = self.sleeper.time_ns() // 1_000_000
        if not self._is_known:
            state.base_ms = now_ms
            state.run_id = int.from_bytes(os.urandom(2), "little")
        uptime_ms = now_ms - state.base_ms
        last_ms = 1000 * state.last_s()
        if uptime_ms < last_ms:  # the clock was lost, and not RTC memory: uptime goes on, the time is asked for
            uptime_ms, state.sync_s = last_ms, 0
        self.clock = WakeClock(board, self.sleeper, uptime_ms)
        if state.has_pins:
            call("evencell.power.settings", "use_pins", self)
        self.sleeper.release_pins()
        self.cause = self.sleeper.cause()
        self._sleep_s = 0

    def run(self):
        """Everything but the sleep. The state is saved before each step that may end the wake early.

        A start that is no wake only reads the configuration, and sleeps for a moment: the memory is free again then.
        """
        state = self.state
        if self.cause == "button" and state.awake_s:
            call("evencell.power.awake", "begin", self)
        if not self._is_known:
            state.aborted = call(_COLD, "count_start", self)
        if state.trial & TRIAL_RUNS and state.aborted >= _ABORTS:
            call("evencell.power.trial", "ended_early", self)
        if self._must_pause():
            return
        state.aborted = min(state.aborted + 1, 255)
        self.save()
        if self.cause and state.packs and state.usual_s:
            from evencell.power.cycle import Cycle

            self._sleep_s = asyncio.run(Cycle(self).run())
            state.aborted = 0
        else:
            call(_COLD, "begin", self)
            state.aborted -= 1  # neither a success nor a failure

    def now_s(self) -> int:
        """Uptime, which goes on through sleep."""
        return self.clock.uptime_ms() // 1000

    def save(self):
        """Keep the state, and what the outbox holds."""
        self.state.base_ms = self.sleeper.time_ns() // 1_000_000 - self.clock.uptime_ms()
        self.state.save()
        self.rtc.save()

    def crashed(self, error):
        """Log and store a failure."""
        gc.collect()
        self._sleep_s = max(_SHORTEST_PAUSE_S, self.state.usual_s)
        call(_COLD, "store_crash", self, error)

    def sleep(self):
        """Sleep until the next wake; after wakes that failed, longer. Never returns."""
        state, seconds = self.state, self._sleep_s
        if state.aborted >= _ABORTS:
            state.is_pausing = 1
            doublings = min(state.aborted - _ABORTS, _MAX_DOUBLINGS)
            seconds = min(max(_SHORTEST_PAUSE_S, state.usual_s) << doublings, _LONGEST_PAUSE_S)
        self.save()
        self.sleeper.sleep(max(1, 1000 * min(seconds, _MAX_SLEEP_S)))

    def _must_pause(self) -> bool:
        """Whether too many wakes were aborted, and no pause has followed them yet."""
        state = self.state
        is_over = state.aborted < _ABORTS or (state.is_pausing and self.cause)
        state.is_pausing = 0
        return not is_over
