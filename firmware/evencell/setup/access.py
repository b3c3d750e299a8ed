"""Setup mode while it runs: the access point, the state of the setup, and its end."""

import gc
import os

from evencell.compat import const, sleep_ms
from evencell.forward.http.server import Server
from evencell.net import captive_dns
from evencell.runtime.backoff import Backoff
from evencell.runtime.lazy import call, lazy
from evencell.setup.site import Site

_WINDOW_MS = const(600_000)
_RESULT_MS = const(300_000)  # for the phone to come back: the access point moves to the network's channel
_TICK_MS = const(200)
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # 32, no two alike
_PASSWORD_LETTERS = const(10)  # 50 bits


class Setup:
    """The state of setup mode.

    For the display: `ssid` and `password` (None: open) of the access point, `address` of the setup page there, `state`
    ("open" | "trying" | "failed" | "done"), `problem` (a sentence while it is "failed"). For the setup page also
    `field` (what the problem is about), `new_ssid` (of the network that is or was tried; None on a cable, and before),
    `new_address` (there, once it was joined) and `given`: what the owner sent last, without passwords.
    """

    def __init__(self, context):
        self._context = context
        self._access_point = context.board.access_point()
        self._is_served = False
        self._wanted = None  # settings to be tried
        self._is_read = False  # whether the result was read
        self.ends_ms = 0
        self.ssid = context.hostname
        self.password = None
        self.address = self._access_point.address()
        self.state = "open"
        self.problem = self.field = self.new_ssid = self.new_address = self.given = None

    async def run(self):
        """Open the access point, then serve until setup mode is over."""
        if self.state == "trying":  # it failed with an exception, which is in the log
            self._fail("the device failed while it tried this; try again", None)
        if not self._is_served:
            await self._open()
            self._is_served = True
            self._serve()
        while True:
            if self._context.clock.uptime_ms() >= self.ends_ms:  # first: one try after the other would keep it open
                self._end()
            elif self._wanted:
                wanted, self._wanted = self._wanted, None
                await self._try(wanted)
            await sleep_ms(_TICK_MS)

    async def _open(self):
        """With a password where a display shows it."""
        context, backoff = self._context, Backoff()
        display = context.display
        if display and display.summary()["state"] != "missing":
            self.password = "".join([_LETTERS[byte & 31] for byte in os.urandom(_PASSWORD_LETTERS)])
        while True:
            try:
                self._access_point.start(self.ssid, self.password)
                break
            except OSError as error:
                why = call("evencell.net.errors", "reason", error)
                context.log.warning("setup: the access point does not open: %s; evencell keeps trying" % why)
                await sleep_ms(backoff.fail())
        self.address = self._access_point.address()
        self.ends_ms = _WINDOW_MS  # since power-on
        secured = "open for 10 minutes" if self.password is None else "its password is on the display"
        context.log.info('setup: access point "%s" at %s, %s' % (self.ssid, self.address, secured))

    def _serve(self):
        context = self._context
        context.supervisor.start("http", Server(Site(context, self), context).run)
        context.supervisor.start("dns", lambda: captive_dns.serve(self.address, self._access_point.dns_port))

    def url(self) -> str:
        """Where the setup page is."""
        port = self._context.config["http"]["port"]
        return "http://%s/" % (self.address if port == 80 else "%s:%d" % (self.address, port))

    def scan(self) -> list[tuple[bytes, int, bool]]:
        """As that of the access point."""
        return self._access_point.scan()

    def note_request(self):
        """A phone is there: an access point with a password stays open for another 10 minutes."""
        if self.password and self.state in ("open", "failed"):
            self.ends_ms = self._context.clock.uptime_ms() + _WINDOW_MS

    def note_result_read(self):
        """The phone has come back for the result: from now on it stays for 5 minutes, once."""
        if self.state == "done" and not self._is_read:
            self._is_read = True
            self.ends_ms = self._context.clock.uptime_ms() + _RESULT_MS

    def attempt(self, wanted: dict):
        """Try these settings (settings.py), and keep them if the network can be joined."""
        self.state = "trying"
        self.problem = self.field = None
        self.new_ssid = wanted["network"] and wanted["network"]["ssid"]
        self.given = {"name": wanted["name"], "pack": wanted["pack"]}
        self._wanted = wanted

    def finish(self):
        """Restart a second from now, with the new settings."""
        self._is_read = True
        self.ends_ms = self._context.clock.uptime_ms() + 1_000

    async def _try(self, wanted: dict):
        """One after the other, so that no more code is in memory at a time than has to."""
        context, scope = self._context, lazy()
        try:
            password_hash = await scope.load("evencell.forward.http.pbkdf2").hash_password(wanted["password"])
            unload(scope)
            problem, field = await scope.load("evencell.setup.trial").join(context, wanted["network"])
            unload(scope)
            if not problem:
                problem = scope.load("evencell.setup.settings").write(context, wanted, password_hash)
        finally:
            unload(scope)
        if problem:
            self._fail(problem, field)
            return
        self.new_address = context.board.station().address()
        self.state = "done"
        context.log.info("setup: done; restarting into normal operation in 5 minutes")
        self.ends_ms = context.clock.uptime_ms() + _RESULT_MS

    def _fail(self, problem: str, field: str | None):
        """Leave the network; nothing has changed."""
        self.state, self.problem, self.field = "failed", problem, field
        self._context.log.warning("setup: " + problem)
        self._context.board.station().disconnect()
        self.note_request()

    def _end(self):
        if self.state != "done":
            self._context.log.warning("setup: nothing was set up in 10 minutes; the access point closes")
        self._access_point.stop()
        call("evencell.runtime.boot_state", "restart_by_owner", self._context)


def unload(scope: lazy):
    """Unload what was loaded; collected, so that what is loaded next takes its room."""
    scope.unload()
    gc.collect()
