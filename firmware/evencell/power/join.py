"""Joins a network for a report: as the last time if that works at once, else any way there is (a lazy module).

RTC memory keeps the place of the network in the configuration, its channel, and what DHCP gave. The address of the
access point (BSSID) would take a scan of two seconds, and finds it no sooner: MicroPython's `connect` stops its search
at the first access point of the network.
"""

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.net.part import started

_POLL_MS = const(50)
_FAST_MS = const(4_000)
_LEASE_S = const(43_200)  # an address is used again for half a day: shorter than most leases
_ADDRESSES_AT = const(2)  # of `joined`, behind place and channel


async def join(session):
    """Return once there is a network; for a computer that is at once. To be cancelled where it takes too long."""
    context, wake = session.context, session.wake
    if context.board.station() is None:
        return
    network = started(context)
    networks = list(network.networks)  # a connection changes their order
    rejoin = wake.sleeper.rejoin(network.station)
    if _is_fresh(wake) and await _has_rejoined(network, rejoin, wake.state.joined):
        return
    wake.state.joined_s = 0
    while network.state != "connected":
        network.tick()
        await sleep_ms(_POLL_MS)
    channel, addresses = rejoin.learned()
    wake.state.joined = bytes((networks.index(network.current), channel)) + _packed(addresses)
    wake.state.joined_s = max(1, wake.now_s())


def _is_fresh(wake) -> bool:
    return wake.state.joined_s > 0 and wake.now_s() - wake.state.joined_s < _LEASE_S


async def _has_rejoined(network, rejoin, joined: bytes) -> bool:
    """Whether the network of the last time took the device, with the address of the last time."""
    if joined[0] >= len(network.networks):
        return False
    current = network.current = network.networks[joined[0]]
    network.ssid = current["ssid"]
    try:
        rejoin.connect(joined[1], _unpacked(joined), network.ssid, current["password"] or None)
        started = ticks_ms()
        while ticks_diff(ticks_ms(), started) < _FAST_MS:
            if network.station.is_connected():
                network.joined()
                return True
            await sleep_ms(_POLL_MS)
    except OSError:
        pass  # the other way comes next
    rejoin.give_up()
    return False


def _packed(addresses) -> bytes:
    """Address, netmask, gateway and DNS server in 16 bytes."""
    return bytes([int(number) for address in addresses for number in address.split(".")])


def _unpacked(joined: bytes) -> tuple:
    numbers = [str(number) for number in joined[_ADDRESSES_AT:]]
    return tuple([".".join(numbers[at : at + 4]) for at in (0, 4, 8, 12)])
