"""Tries new settings: they are written only if the network can be joined with them. Lazy."""

from evencell.compat import const, sleep_ms
from evencell.forward.http import pbkdf2
from evencell.net.station import CABLE, Network
from evencell.runtime.lazy import lazy, unload

_TICK_MS = const(1_000)
# Why joining failed (net/join.py): a sentence for the owner, and the field that it is about.
_PROBLEMS = {
    "wrong password": ("refuses the password: enter it again", "network.password"),
    "no such network": ("is not in reach: check its name; only 2.4 GHz can be used", "network.ssid"),
    "failed": ("refuses the connection: restart the router, or choose another network", "network.ssid"),
    "no address": ("gave no address within 15 s: try again, nearer to the router", "network.ssid"),
}


async def attempt(context, wanted: dict) -> tuple:
    """Join the network of `wanted` (settings.py), then write the configuration.

    Returns problem, field and address; the problem is None, or a sentence where nothing has changed.
    """
    password_hash = await pbkdf2.hash_password(wanted["password"])
    station = context.board.station()
    networks = CABLE if wanted["network"] is None else (wanted["network"],)
    wifi = context.config["wifi"]
    network = Network(context, station, networks, (context.hostname, wifi["country"], wifi["txpower"]))
    problem, field = await _join(network)
    if not problem:
        with lazy("evencell.setup.settings") as settings:
            problem = settings.write(context, wanted, password_hash)
    if problem:
        station.disconnect()
        return problem, field, None
    return None, None, network.address


async def _join(network) -> tuple:
    """Why the network can't be joined, and the field that this is about; both None where it is joined."""
    while network.state != "connected" and not network.problems:
        network.tick()
        await sleep_ms(_TICK_MS)
    unload("evencell.net.join")
    if network.state == "connected":
        return None, None
    problem = next(iter(network.problems.values()))
    text, field = _PROBLEMS.get(problem, ("can't be joined: " + problem, None))
    return "%s %s" % (network.name(), text), field
