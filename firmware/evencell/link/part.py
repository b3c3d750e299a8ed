"""The link's place in the application: a line for each UART, a poller for each line."""

from evencell.link.exchange import Line
from evencell.link.poller import Poller, make_poll
from evencell.pack.temperature import TemperatureScale


def start(context):
    """Make the configured packs, and poll them."""
    lines = {}
    polls = {}
    for settings in context.config["packs"]:
        uart = settings["uart"]
        if uart not in lines:
            lines[uart] = Line(context.board.port(uart))
            polls[uart] = []
        poll = make_poll(settings, _temperature_scale(context, settings), lines[uart])
        context.hub.packs.append(poll.pack)
        polls[uart].append(poll)
    for uart, line in lines.items():
        context.supervisor.start("poller", Poller(line, polls[uart], context.hub, context.log).run)


def _temperature_scale(context, settings: dict) -> TemperatureScale:
    """As configured, else as found out before. A scale in the configuration makes the device forget its own."""
    setting = settings["temperature_scale"]
    key = settings["name"] + ".temperature_scale"
    if setting != "auto":
        context.memory.put(key, None)
        return TemperatureScale(setting)

    def settled(scale: str):
        context.log.info("%s: the temperature can only be in tenths of a degree" % settings["name"])
        context.memory.put(key, scale)

    return TemperatureScale(context.memory.get(key) or "auto", settled)
