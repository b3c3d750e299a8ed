"""`GET /api/v1/networks`: the networks in reach. Lazy handler; the scan stops the device for about 2 s."""

from evencell.compat import const
from evencell.forward.http.server import error, json_response
from evencell.runtime.lazy import call, lazy

_MAX_LISTED = const(32)  # anyone near can invent names by the hundred


async def answer(context, _request, _load):
    """The response (lazy_response.py)."""
    network = context.network
    access_point = None if context.board.wired else context.board.access_point()
    if access_point is None or network is None:
        return error(503, "this device has no radio in use")
    if network.state == "connecting":
        return error(503, "the radio is connecting; try again in a moment")
    try:
        found = access_point.scan()
    except OSError as fault:
        return error(503, "the scan failed: %s; try again" % call("evencell.net.errors", "reason", fault))
    return json_response({"networks": listed(found)})


def listed(found: list) -> list[dict]:
    """What a scan found (SSID, dBm, secured), strongest first, each name once, at most 32.

    Left out are hidden networks, and names that the configuration can't have.
    """
    networks = []
    with lazy("evencell.config.kinds") as kinds:
        for ssid, rssi, secured in sorted(found, key=lambda each: -each[1]):
            try:
                name = str(ssid, "utf-8")
            except ValueError:
                continue
            is_new = not any(network["ssid"] == name for network in networks)
            if is_new and kinds.accepts("ssid", name):
                networks.append({"ssid": name, "rssi": rssi, "secured": secured})
            if len(networks) == _MAX_LISTED:
                break
    return networks
