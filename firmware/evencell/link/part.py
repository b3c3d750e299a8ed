"""The link's place in the application: a line for each port, a poller for each line."""

from evencell.link.exchange import Line
from evencell.link.poller import Poller, make_poll
from evencell.pack.pack import OFFLINE
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import read_request


def start(context):
    """Make the configured packs, and poll them. One without a place on a line stays offline, and a fault says why."""
    lines = {}
    for number, settings in enumerate(context.config["packs"]):
        try:
            line, polls = _place(context.board, settings, lines)
        except ValueError as error:
            _tell_fault(context, "packs[%d]: %s; %s stays offline" % (number, error, settings["name"]))
            line, polls = Line(None), None
        poll = make_poll(settings, _temperature_scale(context, settings), line)
        context.hub.packs.append(poll.pack)
        if polls is None:
            poll.pack.link = OFFLINE  # nobody will ask it
        else:
            polls.append(poll)
    for number, (line, polls) in enumerate(lines.values()):
        name = "poller%d" % (number + 1) if number else "poller"
        progress = context.watch.progress()
        poller = Poller(line, polls, context.hub, context.log, progress)
        context.supervisor.start(name, poller.run, progress)
        if any(settings["writable"] for settings in context.config["packs"]):
            from evencell.link.writable import allow

            allow(context, poller, polls)


def _place(board, settings: dict, lines: dict) -> tuple:
    """The line and the polls on it, where those of this pack belong; ValueError, with a sentence, where there is none.

    `lines` has both by port, and grows.
    """
    port = board.port(settings["uart"])
    if port not in lines:
        lines[port] = (Line(port), [])
    request = read_request(settings["address"])
    for poll in lines[port][1]:
        if poll.request == request:
            raise ValueError("%s has the same uart and address already" % poll.pack.name)
    return lines[port]


def _tell_fault(context, fault: str):
    context.config_faults.append(fault)
    context.log.warning("configuration: " + fault)


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
