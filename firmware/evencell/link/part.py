"""The link's place in the application: a line for each UART, a poller for each line."""

from evencell.link.exchange import Line
from evencell.link.poller import Poll, Poller
from evencell.pack.pack import Pack
from evencell.pack.temperature import TemperatureScale


def start(context):
    """Make the configured packs, and poll them."""
    polls_by_uart = {}
    for settings in context.config["packs"]:
        pack = Pack(settings["name"], settings["model"], _temperature_scale(context, settings))
        context.hub.packs.append(pack)
        polls_by_uart.setdefault(settings["uart"], []).append(Poll(pack, settings))
    for uart, polls in polls_by_uart.items():
        line = Line(context.board.port(uart))
        for poll in polls:
            poll.pack.line = line
        context.supervisor.start("poller", Poller(line, polls, context.hub, context.log).run)


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
