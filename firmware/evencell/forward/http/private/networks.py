"""`GET /api/v1/networks`: the networks in reach. Lazy handler; the scan stops the device for about 2 s."""

from evencell.forward.http.server import error, json_response


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
        return error(503, "the scan failed: %s; try again" % fault)
    return json_response({"networks": listed(found)})


def listed(found: list) -> list[dict]:
    """What a scan found (SSID, dBm, secured), strongest first, each name once; hidden networks are left out."""
    networks = []
    for ssid, rssi, secured in sorted(found, key=lambda each: -each[1]):
        try:
            name = str(ssid, "utf-8")
        except ValueError:
            continue  # no name that the configuration can have
        if name and not any(network["ssid"] == name for network in networks):
            networks.append({"ssid": name, "rssi": rssi, "secured": secured})
    return networks
