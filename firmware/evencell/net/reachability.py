"""Reachability check: probes a network that was not used for ten minutes, and resets the radio if it can't be used.

An ESP32 whose network is out of memory still reports a connection. So it connects to its own page through its own
address, where a refusal is an answer too, and sends the gateway a DNS query. It is a fault if the first raises OSError,
or if both get no answer, three times in a row. A broker or the Internet that is away is no fault: neither is probed.
"""

import errno
import os
import select
import socket

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.runtime.lazy import call

DNS_PORT = 53
ANSWER_MS = 3_000
BETWEEN_MS = 5_000

_TRIES = const(3)
_POLL_MS = const(20)
_HOUR_MS = const(3_600_000)
_HTTP_PORT = const(80)
_RESTARTED = "unreachable"  # kept across restarts: there was one for this reason


async def check(context):
    """Probe the network of `context`. On a fault the radio is reset; on the next one the device restarts."""
    network = context.network
    fault = None if _is_used(context) else await fault_of(context, network.station)
    now_ms = context.clock.uptime_ms()
    if network.state != "connected":
        return  # lost meanwhile, and noticed
    if not fault:
        context.reached_ms = now_ms
        network.is_suspect = False
    elif network.is_suspect and _may_restart(context):
        context.restart_reason = "connected to an access point, but %s; restarting" % fault
    else:
        context.log.error("network: connected, but %s; resetting the radio" % fault)
        network.is_suspect = not network.is_suspect  # the second time it was not allowed to restart: ten minutes more
        network.reset()


def _may_restart(context) -> bool:
    """One restart an hour at most, and within the first hour none that the next start would not know of."""
    kept = context.key_values
    is_late = context.clock.uptime_ms() >= _HOUR_MS
    if not is_late and kept.get(_RESTARTED):
        return False
    return kept.put(_RESTARTED, True) or is_late


def _is_used(context) -> bool:
    """Whether the broker is connected: its keep-alive is a probe of its own."""
    return context.mqtt is not None and context.mqtt.status()["state"] == "connected"


async def fault_of(context, station) -> str | None:
    """What is wrong with the network, as the end of a sentence; None where it can be used."""
    http = context.config.get("http")  # not there where no page is served
    port, problem = http["port"] if http else _HTTP_PORT, None
    for number in range(_TRIES):
        if number:
            await sleep_ms(BETWEEN_MS)
        address = station.address()
        if not address:
            return None
        try:
            if await _connects(address, port):
                return None
            problem = "no answer"
        except OSError as error:
            problem = call("evencell.net.errors", "reason", error)
        else:
            if await _gateway_answers(station.gateway()):
                return None
    return "this device can't reach itself at its own address (%s)" % problem


async def _connects(address: str, port: int) -> bool:
    """Whether the network stack takes or refuses a connection in time; OSError where it can't try."""
    own, place = _socket(address, port, socket.SOCK_STREAM)
    try:
        own.connect(place)
    except OSError as error:
        if error.errno == errno.ECONNREFUSED:
            return True
        if error.errno != errno.EINPROGRESS:
            raise
        poller = select.poll()
        poller.register(own, select.POLLOUT)
        return await _within(lambda: bool(poller.poll(0)))
    finally:
        own.close()
    return True


async def _gateway_answers(address: str | None) -> bool:
    """Whether a DNS server answers there, with any answer (RFC 1035: a query for the root's name servers)."""
    if not address:
        return False
    try:
        own, place = _socket(address, DNS_PORT, socket.SOCK_DGRAM)
    except OSError:
        return False
    try:
        identity = os.urandom(2)
        own.sendto(identity + b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01", place)
        return await _within(lambda: _received(own)[:2] == identity)
    except OSError:
        return False
    finally:
        own.close()


def _socket(address: str, port: int, kind: int) -> tuple:
    """A socket that never blocks, and the address for it."""
    found = socket.getaddrinfo(address, port, 0, kind)[0]
    own = socket.socket(found[0], found[1], found[2])
    own.setblocking(False)
    return own, found[-1]


def _received(own) -> bytes:
    """One datagram, or nothing while none is there."""
    try:
        return own.recv(64)
    except OSError as error:
        if error.errno != errno.EAGAIN:
            raise
        return b""


async def _within(is_done) -> bool:
    """Whether `is_done()` became true in time."""
    began_ms = ticks_ms()
    while not is_done():
        if ticks_diff(ticks_ms(), began_ms) >= ANSWER_MS:
            return False
        await sleep_ms(_POLL_MS)
    return True
