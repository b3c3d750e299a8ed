"""Backoff: growing pauses between attempts."""

from evencell.compat import const

_FIRST_MS = const(1_000)
_MAX_MS = const(60_000)


class Backoff:
    """Pauses of 1 s, doubling to 60 s, until `reset`. `pause_ms`: the current one, 0 before a failure."""

    def __init__(self):
        self.pause_ms = 0
        self._failed_ms = 0

    def fail(self, now_ms: int = 0, first_ms: int = _FIRST_MS, max_ms: int = _MAX_MS) -> int:
        """Note a failed attempt; returns the pause before the next one.

        `now_ms`: uptime, for those who use `left_ms`. `first_ms` and `max_ms`: limits of the pause.
        """
        self._failed_ms = now_ms
        self.pause_ms = min(max(first_ms, 2 * self.pause_ms), max_ms)
        return self.pause_ms

    def reset(self):
        """Note a success: the next attempt is due at once, and the next pause is the shortest."""
        self.pause_ms = 0

    def left_ms(self, now_ms: int) -> int:
        """How much of the pause is left at this uptime; 0 when the next attempt is due."""
        return max(0, self._failed_ms + self.pause_ms - now_ms)
