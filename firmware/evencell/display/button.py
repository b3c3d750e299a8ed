"""Debounces a button that is polled every few milliseconds, and classifies its presses."""

from evencell.compat import const, ticks_diff

SHORT = 1  # under 0.7 s; reported on release
LONG = 2  # up to 3 s; reported on release
HELD = 3  # 3 s or more; reported while it is still down

_DEBOUNCE_MS = const(30)  # contacts bounce for a few milliseconds, 20 at worst
_LONG_MS = const(700)
_HELD_MS = const(3_000)
_MAX_STEP_MS = const(100)  # counted at most between two polls: the button may have been released in a longer gap
_REPORTED = const(-1)


class Button:
    """A button; one that is down from the start counts only after its release."""

    __slots__ = ("_held_ms", "_is_down", "_polled", "_stable_ms")

    def __init__(self, now: int):
        self._polled = now
        self._is_down = False
        self._stable_ms = 0
        self._held_ms = _REPORTED

    def update(self, is_down: bool, now: int) -> int:
        """Process a poll at these ticks; returns a press: SHORT, LONG, HELD, or 0 for none."""
        passed_ms = min(ticks_diff(now, self._polled), _MAX_STEP_MS)
        self._polled = now
        if is_down != self._is_down:
            self._is_down = is_down
            self._stable_ms = 0
            return 0
        self._stable_ms += passed_ms
        if self._stable_ms < _DEBOUNCE_MS:
            return 0
        self._stable_ms = _DEBOUNCE_MS
        return self._hold(passed_ms) if is_down else self._release()

    def _hold(self, passed_ms: int) -> int:
        if self._held_ms == _REPORTED:
            return 0
        self._held_ms += passed_ms
        if self._held_ms < _HELD_MS:
            return 0
        self._held_ms = _REPORTED
        return HELD

    def _release(self) -> int:
        held_ms = self._held_ms
        self._held_ms = 0
        if held_ms <= 0:
            return 0
        return LONG if held_ms >= _LONG_MS else SHORT
