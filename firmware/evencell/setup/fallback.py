"""Opens an access point beside normal operation after 10 minutes without a known network (`wifi.fallback_ap`)."""

from evencell.compat import const, sleep_ms
from evencell.runtime.backoff import Backoff
from evencell.runtime.lazy import call

_ERRORS = "evencell.net.errors"
_AFTER_MS = const(600_000)
_TICK_MS = const(5_000)


def start(context):
    """Watch the network, if there is one to join."""
    if context.network:
        context.supervisor.start("access point", Fallback(context).run)


class Fallback:
    """The access point has a password always; it closes when the network is back."""

    def __init__(self, context):
        self._context = context
        self._access_point = None  # while it is open
        self._connected_ms = 0
        self._backoff = Backoff()
        self._problem = None  # logged once

    async def run(self):
        """Tick every 5 s."""
        while True:
            self.tick()
            await sleep_ms(_TICK_MS)

    def tick(self):
        """Open or close, if it is due. It is closed while the radio is off to spare a low pack."""
        context, now_ms = self._context, self._context.clock.uptime_ms()
        if context.network.state in ("connected", "off"):
            self._connected_ms = now_ms
            if self._access_point:
                self._close(self._access_point)
        elif not self._access_point and now_ms - self._connected_ms >= _AFTER_MS and not self._backoff.left_ms(now_ms):
            self._open(now_ms)

    def _open(self, now_ms: int):
        context = self._context
        access_point = context.board.access_point()
        try:
            access_point.start(context.hostname, context.config["wifi"]["ap_password"])
        except OSError as error:
            why = call(_ERRORS, "reason", error)
            if why != self._problem:
                self._problem = why
                context.log.warning("network: the access point does not open: %s; evencell keeps trying" % why)
            self._backoff.fail(now_ms)
            return
        self._access_point, self._problem = access_point, None
        text = 'network: no known network for 10 minutes; access point "%s" opened at %s'
        context.log.warning(text % (context.hostname, access_point.address()))

    def _close(self, access_point):
        try:
            access_point.stop()
        except OSError as error:
            self._context.log.warning("network: the access point does not close: %s" % call(_ERRORS, "reason", error))
            return
        self._access_point = None
        self._backoff.reset()
        self._context.log.info("network: the access point is closed")
