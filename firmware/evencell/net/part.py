"""Starts the network, by Wi-Fi or cable: the station first, whose driver needs memory before other parts take it."""

from evencell.net.station import Network

CABLE = ({"ssid": None, "password": None},)


def start(context):
    """Keep the board's station connected for as long as the device runs."""
    network = started(context)
    context.heap.reset_radio = network.reset
    context.supervisor.start("wifi", network.run)


def started(context) -> Network:
    """The network of the configuration, its station switched on."""
    board = context.board
    settings = context.config["wifi"]
    txpower = settings["txpower"]
    if txpower is None:
        txpower = getattr(board, "txpower", None)
    station = board.station()
    static = settings.pop("static")
    if static["address"]:
        station.static = static["address"], static["netmask"], static["gateway"], static["dns"] or static["gateway"]
    networks = CABLE if station.wired else settings["networks"]
    network = Network(context, station, networks, (context.hostname, settings["country"], txpower))
    context.network = network
    network.start_station()
    return network
