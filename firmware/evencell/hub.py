"""Publish/subscribe hub: latest reading per pack and a ring of 16 events."""

import asyncio

from evencell.compat import const

_MAX_EVENTS = const(16)
_MAX_QUIET_MS = const(15_000)  # wake at least this often, so that displayed ages are updated
_TURN_MS = const(30_000)  # for a consumer to handle what it was woken for
_LOGGED = ("alarm", "policy")


class Hub:
    """The packs with their latest readings, and a ring of the last 16 numbered events.

    An event is the tuple `(time_s, kind, pack, name, value)`: UNIX seconds, by what the clock knows when it is read, or
    None; "alarm" | "link" | "diagnosis" | "settings" | "config" | "network", the pack's name or None, what changed, its
    new value. Some end with a list, the numbers of the cells that an alarm is about.

    `posted` counts events, `changes` how often consumers were woken. For the event log (control/event_log.py): `logged`
    is the number of the next event for it, `is_log_due` whether one was posted since that may belong there, and
    `log_after_ms` the uptime before which it is not written for alarms alone.

    Of a low pack (control/low_pack.py): `low_level` is that of the lowest one, `low` what its protection keeps, None
    without one; the first of that is whether the radio is off. `interval_ms`: the shortest interval of polls now.
    """

    def __init__(self, packs: list, clock):
        self.packs = packs
        self.clock = clock
        self.posted = 0
        self.changes = 0
        self.logged = self.log_after_ms = 0
        self.is_log_due = False
        self.low_level = self.interval_ms = 0
        self.low = None
        self._woken_ms = 0
        self._events: list = [None] * _MAX_EVENTS
        self._consumers = []

    def subscribe(self, heartbeat=None) -> "Consumer":
        """A new consumer, which gets the events from now on. `close` it when done.

        `heartbeat` (runtime/watchdog.py): for the watchdog, of the task that awaits `changed`.
        """
        consumer = Consumer(self, heartbeat)
        self.add(consumer)
        return consumer

    def add(self, consumer):
        """Call `consumer.wake()` whenever something changes."""
        self._consumers.append(consumer)

    def unsubscribe(self, consumer: "Consumer"):
        """Wake this consumer no more."""
        self._consumers.remove(consumer)

    def post(self, kind: str, pack, name: str, value, *cells):
        """Append an event to the ring, and wake all consumers."""
        self._events[self.posted % _MAX_EVENTS] = (self.clock.uptime_ms(), kind, pack, name, value) + cells
        self.posted += 1
        # With the first reading an alarm may have ended while the device was off.
        if kind in _LOGGED or (value == "online" and not self.logged):
            self.is_log_due = True
        self.wake()

    def wake(self):
        """Wake all consumers: a reading came, or did not come when it should have."""
        self.changes += 1
        self._woken_ms = self.clock.uptime_ms()
        for consumer in self._consumers:
            consumer.wake()

    def tick(self):
        """Wake all consumers if nothing did so for 15 s; to be called once a second."""
        if self.clock.uptime_ms() - self._woken_ms >= _MAX_QUIET_MS:
            self.wake()

    def event(self, number: int):
        """The event of this number, or None if it is overwritten or yet to come."""
        if 0 <= self.posted - number - 1 < _MAX_EVENTS:
            event = self._events[number % _MAX_EVENTS]
            return (self.clock.unix_s_at(event[0]),) + event[1:]
        return None


class Consumer:
    """Cursor of one subscriber. `missed` counts events that were overwritten before it read them."""

    __slots__ = ("_changed", "_heartbeat", "_hub", "_next", "missed")

    def __init__(self, hub: Hub, heartbeat):
        self._hub = hub
        self._heartbeat = heartbeat
        self._next = hub.posted
        self._changed = asyncio.Event()
        self.missed = 0

    async def changed(self):
        """Wait until something changed since the last call."""
        heartbeat = self._heartbeat
        if heartbeat and not self._changed.is_set():
            heartbeat.suspend()
        await self._changed.wait()
        self._changed.clear()
        if heartbeat:
            heartbeat.set_deadline(_TURN_MS)

    def wake(self):
        """Called by the hub."""
        self._changed.set()
        if self._heartbeat:
            self._heartbeat.resume(_TURN_MS)

    def next_event(self):
        """The next unread event, or None."""
        if self._next == self._hub.posted:
            return None
        event = self._hub.event(self._next)
        if event is None:
            oldest = self._hub.posted - _MAX_EVENTS
            self.missed += oldest - self._next
            self._next = oldest
            event = self._hub.event(oldest)
        self._next += 1
        return event

    def step_back(self):
        """Move the cursor back: the event just read could not be passed on."""
        self._next -= 1

    def close(self):
        """Unsubscribe."""
        self._hub.unsubscribe(self)
