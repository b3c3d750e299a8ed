"""The time of day from SNTP servers, asked in turn over UDP. What is said and believed: sntp_packets.py."""

import errno
import os
import socket

from evencell.compat import const, sleep_ms
from evencell.system.sntp_packets import echoes, fault_of, kiss_of, request, unix_ms_of

_PORT = const(123)
_TRUST = const(3)
_LOOK_MS = const(1_000)
_POLL_MS = const(5)  # what an answer may seem late by; half of it goes into the time
_PATIENCE_MS = const(2_000)
_FIRST_PAUSE_MS = const(1_000)
_LONGEST_PAUSE_MS = const(60_000)
_UNFOUND_PAUSE_MS = const(10_000)  # finding a host may block for seconds, so it is not tried often
_LONGEST_UNFOUND_MS = const(600_000)
_KISSED_MS = const(86_400_000)  # RFC 4330 wants such a server left alone
_ANSWER_BYTES = const(68)  # with the authentication that nobody checks
_TAKEN = " from %s in %d ms; it was %s, drift %d ppm"


def start(context):
    """Keep the clock right for as long as the device runs."""
    context.supervisor.start("sntp", Sntp(context).run)


class Sntp:
    """Asks one server at a time: the one that answered last, after a failure the next. Never blocks but to find it."""

    def __init__(self, context):
        self._context = context
        self._clock = context.clock
        settings = context.config["time"]
        self._servers = settings["servers"]
        self._interval_ms = 1000 * settings["interval_s"]
        self._free_ms = [0] * len(self._servers)  # uptime from which each may be asked
        self._number = 0
        self._since_ms = 0
        self._pause_ms = 0
        self._joined = 0
        self._is_good = False  # the last answer was, so there is a time
        self._blamed = 0  # a bit for each server that failed since

    async def run(self):
        """Look every second whether to ask."""
        while True:
            if self._is_due():
                await self.ask()
            await sleep_ms(_LOOK_MS)

    async def ask(self):
        """One question, to the first server from the present one on that may be asked. OSError ends here."""
        if not self._choose():
            return
        try:
            address = self._find()
        except OSError as error:
            self._fail("can't be found (%s)" % error, _UNFOUND_PAUSE_MS, _LONGEST_UNFOUND_MS)
            return
        try:
            self._judge(await self._exchange(address))
        except OSError as error:
            self._fail(str(error))

    def _is_due(self) -> bool:
        """Not while there is no network; at once when one was joined and there is no time yet, else after the pause."""
        context = self._context
        if context.network is not None and context.network.state != "connected":
            return False
        if context.hub.joined != self._joined:
            self._joined = context.hub.joined
            if not self._is_good:
                self._pause_ms = 0
        return self._clock.uptime_ms() - self._since_ms >= self._pause_ms

    def _choose(self) -> bool:
        for _ in self._servers:
            if self._clock.uptime_ms() >= self._free_ms[self._number]:
                return True
            self._number = (self._number + 1) % len(self._servers)
        return False

    def _find(self):
        host, _, port = self._servers[self._number].partition(":")
        return socket.getaddrinfo(host, int(port or _PORT), 0, socket.SOCK_DGRAM)[0]

    async def _exchange(self, found) -> tuple[bytes, int] | None:
        """The answer to our question and the milliseconds it took, or None. Each question has a socket of its own."""
        own = socket.socket(found[0], found[1], found[2])
        try:
            own.setblocking(False)
            own.connect(found[-1])
            cookie = os.urandom(8)
            asked_ms = self._clock.uptime_ms()
            own.send(request(cookie))
            while True:
                answer = _receive(own)
                round_trip_ms = self._clock.uptime_ms() - asked_ms
                if echoes(answer, cookie):
                    return answer, round_trip_ms
                if round_trip_ms >= _PATIENCE_MS:
                    return None
                await sleep_ms(_POLL_MS)
        finally:
            own.close()

    def _judge(self, answered: tuple[bytes, int] | None):
        if answered is None:
            self._fail("no answer within %d s" % (_PATIENCE_MS // 1000))
            return
        answer, round_trip_ms = answered
        kiss = kiss_of(answer)
        fault = fault_of(answer)
        if kiss is not None:
            self._free_ms[self._number] = self._clock.uptime_ms() + _KISSED_MS
            self._fail("does not want to be asked (%s); left alone for a day" % kiss)
        elif fault:
            self._fail(fault)
        else:
            self._take(unix_ms_of(answer, round_trip_ms), round_trip_ms)

    def _take(self, unix_ms: int, round_trip_ms: int):
        clock = self._clock
        shown_ms = clock.unix_ms()
        if not clock.suggest(unix_ms, "sntp", _TRUST):
            self._fail("says a year that can't be")
            return
        log = self._context.log
        say = log.debug if self._is_good else log.info
        was = "not known" if shown_ms is None else "%d ms behind" % (unix_ms - shown_ms)
        what = (self._servers[self._number], round_trip_ms, was, clock.drift_ppm)
        say(("time: %d-%02d-%02d %02d:%02d:%02d UTC" % clock.utc(unix_ms // 1000)) + _TAKEN % what)
        self._is_good = True
        self._since_ms = clock.uptime_ms()
        self._pause_ms = self._interval_ms

    def _fail(self, what: str, first_ms: int = _FIRST_PAUSE_MS, longest_ms: int = _LONGEST_PAUSE_MS):
        """On to the next server after a pause, twice as long as the one before. Each is named once in the log."""
        if self._is_good:
            self._is_good = False
            self._pause_ms = 0
            self._blamed = 0
        server = self._servers[self._number]
        if not self._blamed >> self._number & 1:
            self._blamed |= 1 << self._number
            self._context.log.warning("time: %s: %s; evencell keeps trying" % (server, what))
        self._number = (self._number + 1) % len(self._servers)
        self._since_ms = self._clock.uptime_ms()
        self._pause_ms = min(max(first_ms, 2 * self._pause_ms), longest_ms)


def _receive(own) -> bytes:
    """One datagram, or nothing while none is there."""
    try:
        return own.recv(_ANSWER_BYTES)
    except OSError as error:
        if error.errno != errno.EAGAIN:
            raise
        return b""
