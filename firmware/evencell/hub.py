"""Where readings and events wait for whoever wants them: no consumer knows another, or the poller."""

import asyncio

from evencell.compat import const, sleep_ms

_EVENTS_KEPT = const(32)
_LONGEST_PAUSE_S = const(60)
_LONGEST_QUIET_MS = const(15_000)  # ages are shown, and grow
_TURN_MS = const(30_000)  # in which a consumer has to be through with what it was woken for


class Hub:
    """The packs with their latest readings, and a ring of the last 32 numbered events.

    An event is the tuple `(time_s, kind, pack, name, value)`: UNIX seconds, by what the clock knows when it is read, or
    None; "alarm" | "link" | "settings" | "config" | "network", the pack's name or None, what changed, what it is now.

    `changes` counts how often consumers were woken. `joined` counts how often the device joined a network: who pauses
    because there was none goes on when it changes.
    """

    def __init__(self, packs: list, clock):
        self.packs = packs
        self.clock = clock
        self.posted = 0
        self.changes = 0
        self._woken_ms = 0
        self.joined = 0
        self._events: list = [None] * _EVENTS_KEPT
        self._consumers = []

    def subscribe(self, progress=None) -> "Consumer":
        """A new consumer, who sees the events from now on. `close` it when done.

        With `progress` (system/watch.py) the watchdog knows that it takes what it is woken for.
        """
        consumer = Consumer(self, progress)
        self.add(consumer)
        return consumer

    def add(self, consumer):
        """Call `consumer.wake()` whenever something changes."""
        self._consumers.append(consumer)

    def unsubscribe(self, consumer: "Consumer"):
        """Wake this consumer no more."""
        self._consumers.remove(consumer)

    def post(self, kind: str, pack, name: str, value):
        """Keep an event for every consumer, and wake them."""
        self._events[self.posted % _EVENTS_KEPT] = (self.clock.uptime_ms(), kind, pack, name, value)
        self.posted += 1
        self.wake()

    def wake(self):
        """Something changed: a reading came, or did not come when it should have."""
        self.changes += 1
        self._woken_ms = self.clock.uptime_ms()
        for consumer in self._consumers:
            consumer.wake()

    def look(self):
        """Wake everyone where nothing did so for a while; to be called once a second."""
        if self.clock.uptime_ms() - self._woken_ms >= _LONGEST_QUIET_MS:
            self.wake()

    def event(self, number: int):
        """The event of this number, or None if it is overwritten or yet to come."""
        if 0 <= self.posted - number - 1 < _EVENTS_KEPT:
            uptime_ms, kind, pack, name, value = self._events[number % _EVENTS_KEPT]
            return self.clock.unix_s_at(uptime_ms), kind, pack, name, value
        return None

    async def pause(self, pause_s: int, joined: int) -> int:
        """Wait so long, or until `joined` is another than this; returns the next pause: 1 s then, else twice this."""
        for _ in range(pause_s):
            if self.joined != joined:
                return 1
            await sleep_ms(1000)
        return min(2 * pause_s, _LONGEST_PAUSE_S)


class Consumer:
    """One reader's place in the hub. `missed` counts events that were overwritten before it read them."""

    __slots__ = ("_changed", "_hub", "_next", "_progress", "missed")

    def __init__(self, hub: Hub, progress):
        self._hub = hub
        self._progress = progress
        self._next = hub.posted
        self._changed = asyncio.Event()
        self.missed = 0

    async def changed(self):
        """Wait until something changed since the last call."""
        progress = self._progress
        if progress and not self._changed.is_set():
            progress.rest()
        await self._changed.wait()
        self._changed.clear()
        if progress:
            progress.within(_TURN_MS)

    def wake(self):
        """Called by the hub."""
        self._changed.set()
        if self._progress:
            self._progress.woken(_TURN_MS)

    def next_event(self):
        """The next unread event, or None."""
        if self._next == self._hub.posted:
            return None
        event = self._hub.event(self._next)
        if event is None:
            oldest = self._hub.posted - _EVENTS_KEPT
            self.missed += oldest - self._next
            self._next = oldest
            event = self._hub.event(oldest)
        self._next += 1
        return event

    def unread(self):
        """The event just read could not be passed on: read it again the next time."""
        self._next -= 1

    def close(self):
        """Wake me no more."""
        self._hub.unsubscribe(self)
