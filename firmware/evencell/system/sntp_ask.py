"""One question to a time server over UDP, and what becomes of it. What is said and believed: sntp_packets.py.

In memory only while it is asked. `sntp` is the state that stays (sntp.py).
"""

import errno
import os
import socket

from evencell.compat import const, sleep_ms
from evencell.system.sntp_packets import echoes, fault_of, kiss_of, request, unix_ms_of

_PORT = const(123)
_SOURCE = "sntp"
_TRUST = const(3)
_POLL_MS = const(5)  # what an answer may seem late by; half of it goes into the time
_PATIENCE_MS = const(2_000)
_FIRST_PAUSE_MS = const(1_000)
_LONGEST_PAUSE_MS = const(60_000)
_UNFOUND_PAUSE_MS = const(10_000)  # finding a host may block for seconds, so it is not tried often
_LONGEST_UNFOUND_MS = const(600_000)
_KISSED_MS = const(86_400_000)  # RFC 4330 wants such a server left alone
_STEP_MS = const(1_000)  # of a clock that SNTP has set: one server alone may be wrong
_ANSWER_BYTES = const(68)  # with the authentication that nobody checks
_TAKEN = " from %s in %d ms; it was %s, drift %d ppm"


async def ask(sntp):
    """One question, to the first server from the present one on that may be asked. OSError ends here."""
    if not _choose(sntp):
        return
    try:
        address = _find(sntp)
    except OSError as error:
        _fail(sntp, "can't be found (%s)" % error, _UNFOUND_PAUSE_MS, _LONGEST_UNFOUND_MS)
        return
    try:
        _judge(sntp, await _exchange(sntp, address))
    except OSError as error:
        _fail(sntp, str(error))


def _choose(sntp) -> bool:
    for _ in sntp.servers:
        if sntp.clock.uptime_ms() >= sntp.free_ms[sntp.number]:
            return True
        sntp.number = (sntp.number + 1) % len(sntp.servers)
    return False


def _find(sntp):
    host, _, port = sntp.servers[sntp.number].partition(":")
    return socket.getaddrinfo(host, int(port or _PORT), 0, socket.SOCK_DGRAM)[0]


async def _exchange(sntp, found) -> tuple[bytes, int] | None:
    """The answer to our question and the milliseconds it took, or None. Each question has a socket of its own."""
    own = socket.socket(found[0], found[1], found[2])
    try:
        own.setblocking(False)
        own.connect(found[-1])
        cookie = os.urandom(8)
        asked_ms = sntp.clock.uptime_ms()
        own.send(request(cookie))
        while True:
            answer = _receive(own)
            round_trip_ms = sntp.clock.uptime_ms() - asked_ms
            if echoes(answer, cookie):
                return answer, round_trip_ms
            if round_trip_ms >= _PATIENCE_MS:
                return None
            await sleep_ms(_POLL_MS)
    finally:
        own.close()


def _judge(sntp, answered: tuple[bytes, int] | None):
    if answered is None:
        _fail(sntp, "no answer within %d s" % (_PATIENCE_MS // 1000))
        return
    answer, round_trip_ms = answered
    kiss = kiss_of(answer)
    fault = fault_of(answer)
    if kiss is not None:
        sntp.free_ms[sntp.number] = sntp.clock.uptime_ms() + _KISSED_MS
        _fail(sntp, "does not want to be asked (%s); left alone for a day" % kiss)
    elif fault:
        _fail(sntp, fault)
    else:
        _take(sntp, unix_ms_of(answer, round_trip_ms), round_trip_ms)


def _take(sntp, unix_ms: int, round_trip_ms: int):
    clock = sntp.clock
    shown_ms = clock.unix_ms()
    begun_ms = unix_ms - clock.uptime_ms()
    if clock.source == _SOURCE and min(abs(unix_ms - shown_ms), abs(begun_ms - sntp.doubted_ms)) > _STEP_MS:
        sntp.doubted_ms = begun_ms
        _fail(sntp, "says %d s more than was known" % ((unix_ms - shown_ms) // 1000))
        return
    if not clock.suggest(unix_ms, _SOURCE, _TRUST):
        _fail(sntp, "says a year that can't be")
        return
    log = sntp.context.log
    say = log.debug if sntp.is_good else log.info
    was = "not known" if shown_ms is None else "%d ms behind" % (unix_ms - shown_ms)
    what = (sntp.servers[sntp.number], round_trip_ms, was, clock.drift_ppm)
    say(("time: %d-%02d-%02d %02d:%02d:%02d UTC" % clock.utc(unix_ms // 1000)) + _TAKEN % what)
    sntp.is_good = True
    sntp.doubted_ms = 0
    sntp.since_ms = clock.uptime_ms()
    sntp.pause_ms = 1000 * sntp.context.config["time"]["interval_s"]


def _fail(sntp, what: str, first_ms: int = _FIRST_PAUSE_MS, longest_ms: int = _LONGEST_PAUSE_MS):
    """On to the next server after a pause, twice as long as the one before. Each is named once in the log."""
    if sntp.is_good:
        sntp.is_good = False
        sntp.pause_ms = 0
        sntp.blamed = 0
    server = sntp.servers[sntp.number]
    what = sntp.context.heap.shortage() or what
    if not sntp.blamed >> sntp.number & 1:
        sntp.blamed |= 1 << sntp.number
        sntp.context.log.warning("time: %s: %s; evencell keeps trying" % (server, what))
    sntp.number = (sntp.number + 1) % len(sntp.servers)
    sntp.since_ms = sntp.clock.uptime_ms()
    sntp.pause_ms = min(max(first_ms, 2 * sntp.pause_ms), longest_ms)


def _receive(own) -> bytes:
    """One datagram, or nothing while none is there."""
    try:
        return own.recv(_ANSWER_BYTES)
    except OSError as error:
        if error.errno != errno.EAGAIN:
            raise
        return b""
