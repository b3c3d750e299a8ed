"""One SNTP query (RFC 4330, version 4): request, checks of the response, setting the clock. `sntp`: see sntp.py."""

import errno
import os
import socket
import struct

from evencell.compat import const, sleep_ms
from evencell.runtime.lazy import call

_PORT = const(123)
_SOURCE = "sntp"
_TRUST = const(3)
_POLL_MS = const(5)  # by which a response may seem late; half of it goes into the time
_RESPONSE_TIMEOUT_MS = const(2_000)
_DNS_FIRST_MS = const(10_000)  # a DNS query may block the event loop for seconds
_DNS_MAX_MS = const(600_000)
_KISSED_MS = const(86_400_000)  # how long a server is left alone after a kiss-o'-death (RFC 4330, section 8)
_MAX_STEP_MS = const(1_000)  # of a clock that SNTP has set: one server alone may be wrong
_RESPONSE_BYTES = const(68)  # with authentication, which is ignored
_SET = " from %s in %d ms; it was %s, drift %d ppm"

_PACKET_BYTES = const(48)
_CLIENT = const(0x23)  # version 4, mode 3
_SERVER = const(4)  # mode
_UNSYNCHRONISED = const(3)  # leap indicator
_MAX_STRATUM = const(15)
_MAX_DISTANCE = const(3 << 15)  # 1.5 s in units of 2^-16 s: MAXDIST of RFC 5905
_UNIX_1900_S = const(2_208_988_800)
_PIVOT_S = const(3_944_678_400)  # 2025 in seconds since 1900: an earlier timestamp is of the era after February 2036
_ERA_S = const(1 << 32)


async def query(sntp):
    """Query the first server from the current one on that may be queried. OSError ends here."""
    if not _choose(sntp):
        return
    try:
        address = _resolve(sntp)
    except OSError:  # whose number says nothing, and is another on each port
        _fail(sntp, "host not found", _DNS_FIRST_MS, _DNS_MAX_MS)
        return
    try:
        _evaluate(sntp, await _exchange(sntp, address))
    except OSError as error:
        _fail(sntp, call("evencell.net.errors", "reason", error))


def _choose(sntp) -> bool:
    for _ in sntp.servers:
        if sntp.clock.uptime_ms() >= sntp.free_ms[sntp.number]:
            return True
        sntp.number = (sntp.number + 1) % len(sntp.servers)
    return False


def _resolve(sntp):
    host, _, port = sntp.servers[sntp.number].partition(":")
    return socket.getaddrinfo(host, int(port or _PORT), 0, socket.SOCK_DGRAM)[0]


async def _exchange(sntp, address) -> tuple[bytes, int] | None:
    """The response and the round-trip time in ms, or None. Each query has a socket of its own."""
    own = socket.socket(address[0], address[1], address[2])
    try:
        own.setblocking(False)
        own.connect(address[-1])
        cookie = os.urandom(8)
        sent_ms = sntp.clock.uptime_ms()
        own.send(request(cookie))
        while True:
            response = _receive(own)
            round_trip_ms = sntp.clock.uptime_ms() - sent_ms
            if is_response(response, cookie):
                return response, round_trip_ms
            if round_trip_ms >= _RESPONSE_TIMEOUT_MS:
                return None
            await sleep_ms(_POLL_MS)
    finally:
        own.close()


def _evaluate(sntp, exchanged: tuple[bytes, int] | None):
    if exchanged is None:
        _fail(sntp, "no answer within %d s" % (_RESPONSE_TIMEOUT_MS // 1000))
        return
    response, round_trip_ms = exchanged
    kiss = kiss_of(response)
    fault = fault_of(response)
    if kiss is not None:
        sntp.free_ms[sntp.number] = sntp.clock.uptime_ms() + _KISSED_MS
        _fail(sntp, "the server refuses queries (%s); next one in a day" % kiss)
    elif fault:
        _fail(sntp, fault)
    else:
        _set_clock(sntp, unix_ms_of(response, round_trip_ms), round_trip_ms)


def _set_clock(sntp, unix_ms: int, round_trip_ms: int):
    clock = sntp.clock
    known_ms = clock.unix_ms()
    started_ms = unix_ms - clock.uptime_ms()
    if clock.source == _SOURCE and min(abs(unix_ms - known_ms), abs(started_ms - sntp.unconfirmed_ms)) > _MAX_STEP_MS:
        sntp.unconfirmed_ms = started_ms
        _fail(sntp, "the time differs by %d s; not believed before it is confirmed" % ((unix_ms - known_ms) // 1000))
        return
    if not clock.suggest(unix_ms, _SOURCE, _TRUST):
        _fail(sntp, "the year is impossible")
        return
    log = sntp.context.log
    write_line = log.debug if sntp.is_good else log.info
    was = "not known" if known_ms is None else "%d ms behind" % (unix_ms - known_ms)
    what = (sntp.servers[sntp.number], round_trip_ms, was, clock.drift_ppm)
    write_line(("time: %d-%02d-%02d %02d:%02d:%02d UTC" % clock.utc(unix_ms // 1000)) + _SET % what)
    sntp.is_good = True
    sntp.unconfirmed_ms = 0
    sntp.answered_ms = clock.uptime_ms()
    sntp.backoff.reset()


def _fail(sntp, what: str, *limits_ms):
    """Go on to the next server, after a pause with these limits (Backoff.fail). Each server is logged once."""
    if sntp.is_good:
        sntp.is_good = False
        sntp.logged = 0
    server = sntp.servers[sntp.number]
    what = sntp.context.heap.shortage() or what
    if not sntp.logged >> sntp.number & 1:
        sntp.logged |= 1 << sntp.number
        sntp.context.log.warning("time: %s: %s; evencell keeps trying" % (server, what))
    sntp.number = (sntp.number + 1) % len(sntp.servers)
    sntp.backoff.fail(sntp.clock.uptime_ms(), *limits_ms)


def _receive(own) -> bytes:
    """One datagram, or nothing while none is there."""
    try:
        return own.recv(_RESPONSE_BYTES)
    except OSError as error:
        if error.errno != errno.EAGAIN:
            raise
        return b""


def request(cookie: bytes) -> bytes:
    """The request. Its transmit timestamp is `cookie`, 8 random bytes: only a host that received it can respond."""
    return bytes((_CLIENT,)) + bytes(39) + cookie


def is_response(data: bytes, cookie: bytes) -> bool:
    """Whether this is a server's response to our request, good or bad: other datagrams are ignored."""
    return len(data) >= _PACKET_BYTES and data[0] & 7 == _SERVER and data[24:32] == cookie


def kiss_of(response: bytes) -> str | None:
    """The code of a kiss-o'-death, such as "RATE": the server refuses queries. None for any other response."""
    if response[1]:
        return None
    return "".join([chr(letter) for letter in response[12:16] if 65 <= letter <= 90])


def fault_of(response: bytes) -> str | None:
    """Why the response can't be believed, for the log; None where it can."""
    delay, dispersion = struct.unpack_from(">II", response, 4)
    if response[0] >> 6 == _UNSYNCHRONISED:
        return "the server is not synchronised"
    if not 1 <= response[1] <= _MAX_STRATUM:
        return "stratum %d" % response[1]
    if delay // 2 + dispersion > _MAX_DISTANCE:
        return "the time may be wrong by more than 1.5 s"
    if not any(response[40:48]):
        return "the response has no time"
    if _unix_ms(response, 40) < _unix_ms(response, 32):
        return "the response was sent before the request came"
    return None


def unix_ms_of(response: bytes, round_trip_ms: int) -> int:
    """UNIX milliseconds at which the response came, assuming that both ways took equally long."""
    sent_ms = _unix_ms(response, 40)
    travel_ms = round_trip_ms - (sent_ms - _unix_ms(response, 32))
    return sent_ms + max(travel_ms, 0) // 2


def _unix_ms(response: bytes, offset: int) -> int:
    seconds, fraction = struct.unpack_from(">II", response, offset)
    if seconds < _PIVOT_S:
        seconds += _ERA_S
    return (seconds - _UNIX_1900_S) * 1000 + (fraction * 1000 >> 32)
