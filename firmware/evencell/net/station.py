"""Stays in a network, by Wi-Fi or cable; join.py joins it. Each step returns at once."""

from evencell.compat import const, sleep_ms
from evencell.runtime.lazy import lazy, unload

_TICK_MS = const(1_000)
_NO_ADDRESS_TIMEOUT_MS = const(15_000)
_UNUSED_MS = const(600_000)  # a network that was not used for so long is probed
_RETRY_MS = const(60_000)  # after a reset of the radio, until the next probe

_JOIN = "evencell.net.join"


class Network:
    """The one owner of the station. It tries every network in turn, then pauses for 1 s to 60 s, and never gives up.

    For display and status: `state` ("waiting" | "connecting" | "connected" | "off", for a low pack), `ssid` (of the
    connection or of the latest try; None on a cable), `address` and `rssi` (dBm; both None unless connected). The rest
    is for join.py: `networks`, the one that is tried first in front; `current`, that of the connection or of the latest
    try; `options`: hostname, country, transmit power in dBm; `start_error`: the first one, for those after it are often
    its consequences; `problems`: the latest one of each network, logged once.
    """

    def __init__(self, context, station, networks, options: tuple):
        self.context = context
        self.station = station
        self.networks = list(networks)
        self.current = networks[0]
        self.options = options
        self.is_started = False
        self.start_error = None
        self.problems = {}
        self.is_suspect = False  # the radio was reset because the network could not be used
        self.state = "waiting"
        self.ssid = self.address = self.rssi = None
        self._joining = None  # unless connected
        self._addressed_ms = 0  # while connected: when there was last an address

    async def run(self):
        """Tick every second."""
        context = self.context
        while True:
            self.tick()
            if self.state == "connected" and context.clock.uptime_ms() - context.reached_ms >= _UNUSED_MS:
                await self._probe()
            await sleep_ms(_TICK_MS)

    async def _probe(self):
        scope = lazy()
        try:
            await scope.load("evencell.net.reachability").check(self.context)
        finally:
            scope.unload()

    def start_station(self):
        """Switch the station on, now; a failure is logged, and `tick` tries again."""
        try:
            self._join().start()
        except OSError as error:
            self._fail(error)

    def reset(self):
        """Switch the station off and on, then join anew: its driver frees what it holds."""
        if self.state == "off":
            return
        if self.state == "connected":
            self._lose()
        self._joining = None
        self.state = "waiting"
        try:
            self.station.restart()
        except OSError as error:
            self.is_started = False  # it may be off now
            self._fail(error)

    def tick(self):
        """Take the next step, if one is due; never waits. The station's OSError ends here."""
        try:
            if self.state == "connected":
                self._stay()
            elif self.state != "off":
                self._join().tick()
        except OSError as error:
            self._fail(error)

    def joined(self):
        """There is a connection with an address. Its network is also the first that is tried the next time."""
        context, now_ms = self.context, self.context.clock.uptime_ms()
        self.state = "connected"
        self.networks.remove(self.current)
        self.networks.insert(0, self.current)
        context.reached_ms = now_ms - _UNUSED_MS + _RETRY_MS if self.is_suspect else now_ms
        self._joining = None
        unload(_JOIN)
        self._stay()
        context.hub.post("network", None, "network", "connected")

    def _stay(self):
        """An address that is gone may come back; a connection that is gone is begun anew."""
        station, now_ms = self.station, self.context.clock.uptime_ms()
        self.address = station.address()
        if self.address:
            self._addressed_ms = now_ms
        if station.is_connected() and now_ms - self._addressed_ms < _NO_ADDRESS_TIMEOUT_MS:
            self.rssi = station.rssi()
        else:
            self._lose()

    def _lose(self):
        self.state = "waiting"
        self.address = self.rssi = None
        self.context.log.warning("network: lost %s" % self.name())
        self.context.hub.post("network", None, "network", "lost")

    def _fail(self, error: OSError):
        if self.state == "connected":
            self._lose()
        self._join().fail_with(error)

    def _join(self):
        """What joins, loaded for it."""
        if self._joining is None:
            from evencell.net.join import Joining

            self._joining = Joining(self)
        return self._joining

    def name(self) -> str:
        """The current network, for a sentence."""
        ssid = self.current["ssid"]
        return "the cable" if ssid is None else '"%s"' % ssid
