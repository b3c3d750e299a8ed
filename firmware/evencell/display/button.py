"""A button's presses, told from a look at it every few milliseconds."""

from evencell.compat import const, ticks_diff

SHORT = 1  # under 0.7 s; known when it is let go
LONG = 2  # up to 3 s; known when it is let go
HELD = 3  # 3 s or more; known while it is still down

_STEADY_MS = const(30)  # contacts bounce for a few milliseconds, 20 at worst
_LONG_MS = const(700)
_HELD_MS = const(3_000)
_BLIND_MS = const(100)  # counted at most between two looks: what nobody saw was not held
_SPENT = const(-1)


class Button:
    """Looked at with `look`. One that is down from the start counts only after it was let go."""

    __slots__ = ("_held_ms", "_is_down", "_looked", "_steady_ms")

    def __init__(self, now: int):
        self._looked = now
        self._is_down = False
        self._steady_ms = 0
        self._held_ms = _SPENT

    def look(self, is_down: bool, now: int) -> int:
        """The press that is known at these ticks: SHORT, LONG, HELD, or 0 for none."""
        passed_ms = min(ticks_diff(now, self._looked), _BLIND_MS)
        self._looked = now
        if is_down != self._is_down:
            self._is_down = is_down
            self._steady_ms = 0
            return 0
        self._steady_ms += passed_ms
        if self._steady_ms < _STEADY_MS:
            return 0
        self._steady_ms = _STEADY_MS
        return self._hold(passed_ms) if is_down else self._let_go()

    def _hold(self, passed_ms: int) -> int:
        if self._held_ms == _SPENT:
            return 0
        self._held_ms += passed_ms
        if self._held_ms < _HELD_MS:
            return 0
        self._held_ms = _SPENT
        return HELD

    def _let_go(self) -> int:
        held_ms = self._held_ms
        self._held_ms = 0
        if held_ms <= 0:
            return 0
        return LONG if held_ms >= _LONG_MS else SHORT
