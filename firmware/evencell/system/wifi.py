"""Joins a network and stays in it, by Wi-Fi or cable. Nothing else waits for that: each step returns at once.

The station is started with the part itself, before other parts take the memory that its driver needs. A scan would
block the event loop for seconds, so the networks are tried in their order.

Facts about MicroPython on the ESP32 that this rests on are from its source, ports/esp32/network_wlan.c:

- `connect` while connecting raises OSError, and `disconnect` takes effect a moment later. So every failure disconnects,
  and `connect` comes with the next look.
- `status` keeps the reason of the last failure until the next one or the next address. So what it said before a try
  says nothing about that try.
- A wrong password and a short disturbance look alike at first, and the driver tries again by itself. So a failure is
  believed after 5 s.
"""

from evencell.compat import const, sleep_ms
from evencell.system.on_demand import forget

_LOOK_MS = const(1_000)
_BELIEVE_MS = const(5_000)
_PATIENCE_MS = const(15_000)
_FIRST_PAUSE_MS = const(1_000)
_LONGEST_PAUSE_MS = const(60_000)
_UNUSED_MS = const(600_000)  # a network that nobody used for so long is probed
_RETRY_MS = const(60_000)  # after a reset of the radio, until the next probe

_CABLE = ({"ssid": None, "password": None},)
_NO_ADDRESS = "no address"
_PROBLEMS = {
    "wrong password": "refuses the password; correct it in wifi.networks",
    "no such network": "is not in reach",
    "failed": "refuses the connection",
    _NO_ADDRESS: "gave no address within 15 s",
}


def start(context):
    """Look after the board's station for as long as the device runs."""
    board = context.board
    settings = context.config["wifi"]
    txpower = settings["txpower"]
    if txpower is None:
        txpower = getattr(board, "txpower", None)
    station = board.station()
    networks = _CABLE if station.wired else settings["networks"]
    network = Network(context, station, networks, (context.hostname, settings["country"], txpower))
    context.network = network
    network.start_station()
    context.heap.reset_radio = network.reset
    context.supervisor.start("wifi", network.run)


class Network:
    """The one owner of the station. It tries every network in turn, then pauses for 1 s to 60 s, and never gives up.

    For whoever wants to show it: `state` ("waiting" | "connecting" | "connected"), `ssid` (of the connection or of the
    latest try; None on a cable), `address` and `rssi` (dBm; both None unless connected).
    """

    def __init__(self, context, station, networks, options: tuple):
        self._context = context
        self._clock = context.clock
        self._hub = context.hub
        self._heap = context.heap
        self._log = context.log
        self.station = station
        self._networks = list(networks)
        self._options = options  # hostname, country, transmit power in dBm
        self._is_started = False
        self._start_error = None  # the first one: those after it are often its consequences
        self._untried = []
        self._network = networks[0]
        self._status_before = None
        self._since_ms = 0  # start of the pause or of the try; while connected, when there was last an address
        self._pause_ms = 0
        self._told = {}  # the latest problem of each network, said once
        self.is_suspect = False  # the radio was reset because nobody could use the network
        self.state = "waiting"
        self.ssid = self.address = self.rssi = None

    async def run(self):
        """Look every second."""
        while True:
            self.look()
            if self.state == "connected" and self._clock.uptime_ms() - self._context.reached_ms >= _UNUSED_MS:
                await self._probe()
            await sleep_ms(_LOOK_MS)

    async def _probe(self):
        from evencell.net.reachability import check

        try:
            await check(self._context)
        finally:
            forget("evencell.net.reachability")

    def start_station(self):
        """Switch the station on, now; a failure is logged, and `look` tries again."""
        try:
            self._start()
        except OSError as error:
            self._fail(self._clock.uptime_ms(), str(error))

    def reset(self):
        """Switch the station off and on, then join anew: its driver frees what it holds."""
        if self.state == "connected":
            self._lose()
        self._untried = []
        self._since_ms = self._clock.uptime_ms()
        self._pause_ms = 0
        self.state = "waiting"
        try:
            self.station.restart()
        except OSError as error:
            self._is_started = False  # it may be off now
            self._fail(self._since_ms, str(error))

    def look(self):
        """Take the next step, if one is due; never waits. The station's OSError ends here."""
        now_ms = self._clock.uptime_ms()
        try:
            if self.state == "connected":
                self._stay(now_ms)
            elif self.state == "connecting":
                self._join(now_ms)
            elif self._untried:
                self._try_next(now_ms)
            elif now_ms - self._since_ms >= self._pause_ms:
                self._begin_round()
        except OSError as error:
            self._fail(now_ms, str(error))

    def _begin_round(self):
        """After a restart of the interpreter alone the station may still be connected: it leaves first."""
        self._start()
        self._leave()
        self._untried = list(self._networks)

    def _start(self):
        if self._is_started:
            return
        try:
            self.station.start(*self._options)
        except OSError as error:
            self._start_error = self._start_error or str(error)
            raise OSError("the station does not start: " + self._start_error)
        self._is_started = True

    def _try_next(self, now_ms: int):
        self._network = self._untried.pop(0)
        self.ssid = self._network["ssid"]
        self.state = "connecting"
        self._since_ms = now_ms
        self._status_before = self.station.status()
        self.station.connect(self.ssid, self._network["password"] or None)

    def _join(self, now_ms: int):
        """Connected with an address, refused, or still to be waited for."""
        station = self.station
        if station.is_connected() and station.address():
            self._joined(now_ms)
            return
        tried_ms = now_ms - self._since_ms
        status = station.status()
        failed = status in _PROBLEMS and self.ssid is not None  # a cable that is out comes back by itself
        if tried_ms >= _PATIENCE_MS:
            self._fail(now_ms, status if failed else _NO_ADDRESS)
        elif failed and tried_ms >= _BELIEVE_MS and status != self._status_before:
            self._fail(now_ms, status)

    def _joined(self, now_ms: int):
        """It is also the first that is tried the next time."""
        self.state = "connected"
        self._networks.remove(self._network)
        self._networks.insert(0, self._network)
        self._context.reached_ms = now_ms - _UNUSED_MS + _RETRY_MS if self.is_suspect else now_ms
        self._pause_ms = 0
        self._untried = []
        self._told.pop(self.ssid, None)
        self._stay(now_ms)
        strength = "" if self.rssi is None else ", %d dBm" % self.rssi
        found = self._name(), strength, self.address, self._options[0]
        self._log.info("network: connected to %s%s, address %s, name %s.local" % found)
        self._hub.joined += 1
        self._hub.post("network", None, "network", "connected")

    def _stay(self, now_ms: int):
        """An address that is gone may come back; a connection that is gone is begun anew."""
        station = self.station
        self.address = station.address()
        if self.address:
            self._since_ms = now_ms
        if station.is_connected() and now_ms - self._since_ms < _PATIENCE_MS:
            self.rssi = station.rssi()
        else:
            self._lose()

    def _lose(self):
        self.state = "waiting"
        self.address = self.rssi = None
        self._log.warning("network: lost %s" % self._name())
        self._hub.post("network", None, "network", "lost")

    def _fail(self, now_ms: int, problem: str):
        """The next network's turn, or a pause where there is none."""
        if self.state == "connected":
            self._lose()
        self._leave()
        self._tell(problem)
        self.state = "waiting"
        self._since_ms = now_ms
        if not self._untried:
            self._pause_ms = min(max(_FIRST_PAUSE_MS, 2 * self._pause_ms), _LONGEST_PAUSE_MS)

    def _tell(self, problem: str):
        """Say it where it is news. A wrong password does not always show itself as one: then it is no news either."""
        shortage = self._heap.shortage()
        text = _PROBLEMS.get(problem, "failed: " + problem)
        if shortage:
            problem += " for want of memory"
            text = "failed: " + shortage
        told = self._told.get(self.ssid)
        if problem == told or (told == "wrong password" and problem == _NO_ADDRESS):
            return
        self._told[self.ssid] = problem
        self._log.warning("network: %s %s" % (self._name(), text))

    def _leave(self):
        try:
            self.station.disconnect()
        except OSError:
            pass  # there was nothing to leave

    def _name(self) -> str:
        return "the cable" if self._network["ssid"] is None else '"%s"' % self._network["ssid"]
