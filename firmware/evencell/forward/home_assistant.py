"""When Home Assistant is told what there is. What it is told is in discovery.py, in memory only meanwhile."""

from evencell.compat import const
from evencell.forward.mqtt_client import MqttError

_POSTPONED_MS = const(300_000)
_DISCOVERY = "evencell.forward.discovery"
_TEMPERATURE = const(32)  # beside the number of cells, which is below


class HomeAssistant:
    """Told on each connection, when it says that it has started, and when what there is changes.

    `restarted()` is called when it has started: it knows no values then either.
    """

    def __init__(self, context, restarted):
        self._context = context
        self._restarted = restarted
        self._topic = context.config["mqtt"]["discovery_prefix"] + "/status"
        self._packs = context.hub.packs
        self._lock = context.lazy_lock
        self._parts = bytearray(len(self._packs))  # what there is of each pack: cells, and whether a temperature
        self._is_told = False
        self._failed_ms = None  # when there was no memory for it

    async def listen(self, client):
        """Begin with a new connection. A broker that lets nobody hear of restarts is no reason to be silent."""
        self._is_told = False
        try:
            await client.subscribe(self._topic)
        except MqttError as error:
            self._context.log.warning("mqtt: %s: restarts of Home Assistant are not noticed" % error)

    def hear(self, topic: str, payload: bytes, is_retained: bool):
        """A message on any topic. A retained one is old, and whoever has just connected tells everything anyway."""
        if topic == self._topic and payload == b"online" and not is_retained:
            self._is_told = False
            self._restarted()

    async def announce(self, client):
        """Tell what there is, if that is due; raises OSError.

        Not before every pack was asked: a second announcement is lost on Home Assistant while it works on the first.
        """
        if not self._all_asked() or self._is_told or not self._has_memory():
            return
        scope = self._lock.open()
        if scope is None:
            return  # others use lazy modules just now
        self._is_told = True
        try:
            shown = [(parts % _TEMPERATURE, parts >= _TEMPERATURE) for parts in self._parts]
            await scope.load(_DISCOVERY).announce(client, self._context, shown)
        except MemoryError:
            self._is_told = False
            self._postpone()
        finally:
            self._lock.close(scope)

    def _has_memory(self) -> bool:
        """Whether the announcement may be made now: not while load is shed, nor soon after it found no memory."""
        now_ms = self._context.clock.uptime_ms()
        is_late = self._failed_ms is None or now_ms - self._failed_ms >= _POSTPONED_MS
        return is_late and self._context.heap.allows("discovery")

    def _postpone(self):
        if self._failed_ms is None:
            text = "mqtt: no memory to announce this device to Home Assistant; trying again every %d minutes"
            self._context.log.warning(text % (_POSTPONED_MS // 60_000))
        self._failed_ms = self._context.clock.uptime_ms()

    def _all_asked(self) -> bool:
        """Look at every pack. A temperature that was there once is not taken back: its probe may only be loose."""
        for place in range(len(self._packs)):
            pack = self._packs[place]
            if pack.link is None:
                return False
            status = pack.accepted
            parts = status.slots | self._parts[place] & _TEMPERATURE
            if status.temperature_dc is not None:
                parts |= _TEMPERATURE
            if parts != self._parts[place]:
                self._parts[place] = parts
                self._is_told = False
        return True
