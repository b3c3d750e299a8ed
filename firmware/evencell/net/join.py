"""Joins a network, by Wi-Fi or cable.

A scan would block the event loop for seconds, so the networks are tried in their order.

Facts about MicroPython on the ESP32 that this rests on are from its source, ports/esp32/network_wlan.c:

- `connect` while connecting raises OSError, and `disconnect` takes effect a moment later. So every failure disconnects,
  and `connect` comes with the next tick.
- `status` keeps the reason of the last failure until the next one or the next address. So its value from before a
  try does not count.
- A wrong password and a short disturbance are the same at first, and the driver tries again by itself. So a failure is
  believed after 5 s.
"""

from evencell.compat import const
from evencell.runtime.backoff import Backoff
from evencell.runtime.lazy import call

_MIN_FAILED_MS = const(5_000)
_TIMEOUT_MS = const(15_000)

_ERRORS = "evencell.net.errors"
_NO_ADDRESS = "no address"
_PROBLEMS = {
    "wrong password": "refuses the password; correct it in wifi.networks",
    "no such network": "is not in reach",
    "failed": "refuses the connection",
    _NO_ADDRESS: "gave no address within 15 s",
}


class Joining:
    """Tries the networks of `network` (station.Network) until one is joined. The station's OSError is the caller's."""

    def __init__(self, network):
        self._network = network
        self._station = network.station
        self._untried = []
        self._status_before = None
        self._tried_ms = network.context.clock.uptime_ms()
        self._backoff = Backoff()

    def start(self):
        """Switch the station on, unless it is."""
        network = self._network
        if network.is_started:
            return
        try:
            self._station.start(*network.options)
        except OSError as error:
            network.start_error = network.start_error or call(_ERRORS, "reason", error)
            raise OSError("the station does not start: " + network.start_error)
        network.is_started = True

    def tick(self):
        """Take the next step, if one is due."""
        now_ms = self._now_ms()
        if self._network.state == "connecting":
            self._join(now_ms)
        elif self._untried:
            self._try_next(now_ms)
        elif not self._backoff.left_ms(now_ms):
            self._begin_round()

    def fail_with(self, error: OSError):
        """The same after an error of the station."""
        self.fail(call(_ERRORS, "reason", error))

    def fail(self, problem: str):
        """The next network's turn, or a pause where there is none."""
        self._leave()
        self._log_problem(problem)
        self._network.state = "waiting"
        if not self._untried:
            self._backoff.fail(self._now_ms())

    def _now_ms(self) -> int:
        return self._network.context.clock.uptime_ms()

    def _begin_round(self):
        """After a restart of the interpreter alone the station may still be connected: it leaves first."""
        self.start()
        self._leave()
        self._untried = list(self._network.networks)

    def _try_next(self, now_ms: int):
        network = self._network
        current = network.current = self._untried.pop(0)
        network.ssid = current["ssid"]
        network.state = "connecting"
        self._tried_ms = now_ms
        self._status_before = self._station.status()
        self._station.connect(network.ssid, current["password"] or None)

    def _join(self, now_ms: int):
        """Connected with an address, refused, or still to be waited for."""
        network, station = self._network, self._station
        if station.is_connected() and station.address():
            network.problems.pop(network.ssid, None)
            network.joined()
            strength = "" if network.rssi is None else ", %d dBm" % network.rssi
            found = network.name(), strength, network.address, network.options[0]
            network.context.log.info("network: connected to %s%s, address %s, name %s.local" % found)
            return
        tried_ms = now_ms - self._tried_ms
        status = station.status()
        failed = status in _PROBLEMS and network.ssid is not None  # a cable that is out comes back by itself
        if tried_ms >= _TIMEOUT_MS:
            self.fail(status if failed else _NO_ADDRESS)
        elif failed and tried_ms >= _MIN_FAILED_MS and status != self._status_before:
            self.fail(status)

    def _log_problem(self, problem: str):
        """Log a new problem once. A wrong password may also show as a missing address: that is not new either."""
        network = self._network
        shortage = network.context.heap.shortage()
        text = _PROBLEMS.get(problem, "failed: " + problem)
        if shortage:
            problem += " for want of memory"
            text = "failed: " + shortage
        logged = network.problems.get(network.ssid)
        if problem == logged or (logged == "wrong password" and problem == _NO_ADDRESS):
            return
        network.problems[network.ssid] = problem
        network.context.log.warning("network: %s %s" % (network.name(), text))

    def _leave(self):
        try:
            self._station.disconnect()
        except OSError:
            pass  # there was nothing to leave
