"""Starts the link: a bus for each port, a poller for each bus."""

from evencell.link.bus import Rs485Bus
from evencell.link.poller import Poller, make_poll
from evencell.pack.pack import OFFLINE
from evencell.protocol.jk_balancer import read_request
from evencell.runtime.lazy import call

_LIMITS = "evencell.pack.limits"


def start(context):
    """Make the configured packs and poll them. A pack without a place on a bus is offline, and a fault says why."""
    buses = {}
    for number, settings in enumerate(context.config["packs"]):
        try:
            bus, polls = _place(context.board, settings, buses)
        except ValueError as error:
            _report_fault(context, "packs[%d]: %s; %s stays offline" % (number, error, settings["name"]))
            bus, polls = Rs485Bus(None), None
        scale = call("evencell.pack.scale_setting", "scale_of", context, settings)
        poll = make_poll(settings, scale, bus)
        context.hub.packs.append(poll.pack)
        if context.profile != "awake":  # which lasts for minutes: its wakes protect a low pack
            own, low_pack_mv = context.config["control"]["limits"], context.config["power"]["low_pack_mv"]
            poll.pack.limits = call(_LIMITS, "low_limits", settings["chemistry"], own) + (low_pack_mv or 0,)
        if polls is None:
            poll.pack.link = OFFLINE  # no poller has it
        else:
            polls.append(poll)
    is_writable = any(settings["writable"] for settings in context.config["packs"])
    for number, (bus, polls) in enumerate(buses.values()):
        name = "poller%d" % (number + 1) if number else "poller"
        heartbeat = context.watchdog.heartbeat()
        poller = Poller(bus, polls, context.hub, context.log, heartbeat)
        context.supervisor.start(name, poller.run, heartbeat)
        if is_writable:
            from evencell.link.writable import enable_writing

            enable_writing(context, poller, polls)


def _place(board, settings: dict, buses: dict) -> tuple:
    """Bus and polls of a pack's port, which are added to `buses`; raises ValueError, a sentence, without a place."""
    port = board.port(settings["uart"])
    if port not in buses:
        buses[port] = (Rs485Bus(port), [])
    request = read_request(settings["address"])
    for poll in buses[port][1]:
        if poll.request == request:
            raise ValueError("%s has the same uart and address already" % poll.pack.name)
    return buses[port]


def _report_fault(context, fault: str):
    context.config_faults.append(fault)
    context.log.warning("configuration: " + fault)
