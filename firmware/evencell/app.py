"""The composition root: the only place where things are made and introduced to each other."""

import asyncio
import gc

from evencell import __version__
from evencell.compat import const
from evencell.hub import Hub
from evencell.system.clock import Clock
from evencell.system.log import Log
from evencell.system.memory import Memory
from evencell.system.on_demand import forget
from evencell.system.supervisor import Supervisor

# MicroPython collects when the heap is full; by then what stays lies scattered, and no room is left in one piece.
_COLLECT_AFTER_BYTES = const(4096)
_RING_BYTES = {"full": 8192}  # of the log: some 200 lines, for the page; without one a few are enough
_SMALL_RING_BYTES = const(1024)

# What there is to start: the profiles that have it, the switch in the configuration, and the module, whose
# `start(context)` sets it going. A module is imported only if it is wanted.
PARTS = (
    ("full display telemetry", None, "evencell.link.part"),
    ("full display", "display", "evencell.display.part"),
    ("full telemetry", "wifi", "evencell.system.wifi"),
    ("full", "http", "evencell.forward.http"),
    ("full telemetry", "mqtt", "evencell.forward.mqtt"),
    ("full telemetry", "syslog", "evencell.forward.syslog"),
)


class Context:
    """What a part may need: everything of which there is one."""

    def __init__(self, board):
        self.board = board
        self.clock = Clock()
        self.config, self.config_faults, secrets = _configuration(board)
        ring_bytes = _RING_BYTES.get(self.config["profile"], _SMALL_RING_BYTES)
        self.log = Log(self.clock, self.config["log"]["level"], ring_bytes)
        for secret in secrets:
            self.log.hide(secret)
        self.memory = Memory(board.storage + "/learned.json")
        self.supervisor = Supervisor(self.log)
        self.hub = Hub([], self.clock)
        self.device_id = board.unique_id()
        self.hostname = self.config["wifi"]["hostname"] or "evencell-" + self.device_id[-6:]
        self.canvas = None  # the display's, once there is one
        self.network = None  # Wi-Fi's or the cable's, once there is one


def main(board):
    """Run until the power goes, or until Ctrl-C on a computer."""
    try:
        asyncio.run(run(board))
    except KeyboardInterrupt:
        pass


async def run(board):
    """Start every part that is wanted."""
    context = Context(board)
    introduce(context)
    for module in wanted_parts(context):
        start(context, module)
        gc.collect()  # what an import leaves must not lie between what stays
    gc.threshold(_COLLECT_AFTER_BYTES)
    for fault in context.config_faults:
        context.hub.post("config", None, fault.split(":")[0], fault)
    await asyncio.Event().wait()


def start(context, module: str):
    """Start a part. One that was left out of the build stays off: a smaller profile, or a board that can't have it."""
    try:
        part = __import__(module, None, None, ("start",))
    except ImportError as error:
        text = str(error).split("'")  # no module named 'evencell.display.part'
        if len(text) < 2 or not module.startswith(text[1]):
            raise
        context.log.info("%s is not in this build: it stays off" % module)
    else:
        part.start(context)


def introduce(context):
    """The first lines of the log: who this is, and what is wrong with its configuration."""
    log = context.log
    log.info("evencell %s on %s, id %s" % (__version__, context.board.name, context.device_id))
    if context.config["pins"]:
        refusals, warnings = context.board.use_pins(context.config["pins"])
        context.config_faults += refusals
        for warning in warnings:
            log.warning("configuration: " + warning)
    for fault in context.config_faults:
        log.warning("configuration: " + fault)


def _configuration(board) -> tuple[dict, list[str], list[str]]:
    """The configuration, its faults, and the secrets in it."""
    from evencell.system import config

    loaded, faults = config.load(board.config_path, board.overrides)
    secrets = config.secrets(loaded)
    forget("evencell.system.config")
    return loaded, faults, secrets


def wanted_parts(context) -> list[str]:
    """Modules of the parts that profile and configuration ask for."""
    return [
        module
        for profiles, switch, module in PARTS
        if context.config["profile"] in profiles.split() and _switched_on(context, switch)
    ]


def _switched_on(context, switch: str | None) -> bool:
    settings = context.config
    if switch is None:
        return True
    if switch == "wifi":
        return _network_wanted(context)
    if switch == "display":
        return settings["display"]["driver"] != "none"
    if switch == "syslog":
        return settings["log"]["syslog"] is not None
    return settings[switch]["enabled"]


def _network_wanted(context) -> bool:
    """Whether there is something to join. A radio without that stays off, and the log says how to change it."""
    station = context.board.station()
    if station is None:
        return False
    if station.wired or context.config["wifi"]["networks"]:
        return True
    context.log.info('no Wi-Fi: config.json names none, as in "wifi": {"networks": [{"ssid": "…", "password": "…"}]}')
    return False
