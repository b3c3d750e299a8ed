"""Joins a network once, to try it. Lazy."""

from evencell.compat import const, sleep_ms
from evencell.net.part import CABLE
from evencell.net.station import Network
from evencell.runtime.lazy import unload

_TICK_MS = const(1_000)
# Why joining failed (net/join.py): a sentence for the owner, and the field that it is about.
_PROBLEMS = {
    "wrong password": ("refuses the password: enter it again", "network.password"),
    "no such network": ("is not in reach: check its name; only 2.4 GHz can be used", "network.ssid"),
    "failed": ("refuses the connection: restart the router, or choose another network", "network.ssid"),
    "no address": ("gave no address within 15 s: check the password, or try nearer to the router", "network.password"),
}


async def join(context, wanted: dict | None) -> tuple:
    """Join the network `wanted`, with `ssid` and `password`; None is the cable.

    Returns why that failed, as a sentence, and the field of the request that this is about; both None where it worked.
    """
    station, wifi = context.board.station(), context.config["wifi"]
    networks = CABLE if wanted is None else (wanted,)
    network = Network(context, station, networks, (context.hostname, wifi["country"], wifi["txpower"]))
    before = station.status() if station.is_started() else ""
    while network.state != "connected" and not network.problems:
        network.tick()
        await sleep_ms(_TICK_MS)
    unload("evencell.net.join")
    if network.state == "connected":
        return None, None
    if wanted is None:
        return "the cable gave no address within 15 s: is it plugged in?", None
    problem = next(iter(network.problems.values()))
    if problem == before:  # it may be that of the try before: join.py waited for another one
        problem = "no address"
    text, field = _PROBLEMS.get(problem, ("can't be joined: " + problem, None))
    return "%s %s" % (network.name(), text), field
