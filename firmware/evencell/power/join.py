"""Joins a network for a report: as the last time if that works at once, else any way there is (a lazy module).

RTC memory keeps the place of the network in the configuration, its channel, what DHCP gave, and the address of the
access point (BSSID). MicroPython tells that by a scan alone, which takes two seconds: so that is made after the first
join, and after one that did not work at once.
"""

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.net.part import started

_POLL_MS = const(50)
_FAST_MS = const(4_000)
_LEASE_S = const(43_200)  # an address is used again for half a day: shorter than most leases
_ADDRESSES_AT = const(2)  # of `joined`, behind place and channel
_BSSID_AT = const(18)


async def join(session):
    """Return once there is a network; for a computer that is at once. To be cancelled where it takes too long."""
    context, wake = session.context, session.wake
    if context.board.station() is None:
        return
    network = started(context)
    networks = list(network.networks)  # a connection changes their order
    rejoin = wake.sleeper.rejoin(network.station)
    joined, is_fresh = wake.state.joined, _is_fresh(wake)
    if is_fresh and await _has_rejoined(network, rejoin, joined):
        return
    was_joined = wake.state.joined_s > 0 and not is_fresh
    wake.state.joined_s = 0
    while network.state != "connected":
        network.tick()
        await sleep_ms(_POLL_MS)
    channel, addresses = rejoin.learned()
    here = bytes((networks.index(network.current), channel))
    is_same = was_joined and joined[:_ADDRESSES_AT] == here
    bssid = joined[_BSSID_AT:] if is_same else rejoin.bssid(network.ssid, channel)
    wake.state.joined = here + _packed(addresses) + bssid
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
        rejoin.connect(joined[1], _unpacked(joined), network.ssid, current["password"] or None, joined[_BSSID_AT:])
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
    numbers = [str(number) for number in joined[_ADDRESSES_AT:_BSSID_AT]]
    return tuple([".".join(numbers[at : at + 4]) for at in (0, 4, 8, 12)])
