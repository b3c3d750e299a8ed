"""The composition root: the only place where things are made and introduced to each other."""

import asyncio
import gc
import time

from evencell import __version__
from evencell.compat import collect_after, const, sleep_ms
from evencell.hub import Hub
from evencell.system.clock import Clock
from evencell.system.crashes import Crashes
from evencell.system.log import LEVELS, Log
from evencell.system.memory import Memory
from evencell.system.on_demand import call, forget
from evencell.system.supervisor import Supervisor, guard
from evencell.system.watch import Watch

# What there is to start: the profiles that have it, the switch in the configuration, and the module, whose
# `start(context)` sets it going. A module is imported only if it is wanted. `safe` is safe mode's profile.
PARTS = (
    ("full display telemetry", None, "evencell.link.part"),
    ("full display", "display", "evencell.display.part"),
    ("full telemetry safe", "wifi", "evencell.system.wifi"),
    ("full safe", "http", "evencell.forward.http"),
    ("full telemetry", "mqtt", "evencell.forward.mqtt"),
    ("full telemetry safe", "syslog", "evencell.forward.syslog"),
)

# MicroPython collects when the heap is full; by then what stays lies scattered, and no room is left in one piece.
_COLLECT_AFTER_BYTES = const(4096)
_PAGE_LOG_BYTES = const(8192)  # some 200 lines of usual length; where there is no page a few are enough
_LOOK_MS = const(1_000)
_PROVEN_AFTER_MS = const(300_000)
_PAUSE_S = const(5)  # before a restart: time for Ctrl-C
_PAUSE_SAFE_S = const(60)  # where even safe mode fails, again and again


class Context:
    """What a part may need: everything of which there is one."""

    def __init__(self, board):
        """What a failure is reported with; `load` does the rest."""
        self.board = board
        self.clock = Clock()
        self.log = Log(self.clock)
        self.crashes = Crashes(board, self.clock, self.log)
        self.supervisor = Supervisor(self.log, self.crashes.keep)
        self.watch = Watch(board, self.clock, self.supervisor, self.log)
        self.hub = Hub([], self.clock)
        self.safe_mode = None  # why it is on
        self.canvas = None  # the display's, once there is one
        self.network = None  # Wi-Fi's or the cable's, once there is one

    def load(self):
        """Read what the flash holds."""
        board = self.board
        self.safe_mode, self.notes = call("boots", "begin", board)
        self.config, self.config_faults, secrets = _configuration(board)
        self.profile = "safe" if self.safe_mode else self.config["profile"]
        self.log.level = LEVELS.index(self.config["log"]["level"])
        if self.profile in ("full", "safe"):
            self.log.enlarge(_PAGE_LOG_BYTES)
        for secret in secrets:
            self.log.hide(secret)
        self.memory = Memory(board.storage + "/learned.json")
        self.device_id = board.unique_id()
        self.hostname = self.config["wifi"]["hostname"] or "evencell-" + self.device_id[-6:]


def _configuration(board) -> tuple[dict, list[str], list[str]]:
    """The configuration, its faults, and the secrets in it."""
    from evencell.system import config

    loaded, faults = config.load(board.config_path, board.overrides)
    secrets = config.secrets(loaded)
    forget("evencell.system.config")
    return loaded, faults, secrets


def main(board):
    """Run until the power goes, or until Ctrl-C. What fails beyond help is kept, then the board restarts."""
    context = Context(board)
    try:
        guard(lambda: asyncio.run(run(context)), lambda error: restart(context, error))
    except KeyboardInterrupt:
        context.watch.relax()


def restart(context, error: Exception):
    """Start from nothing; the pause keeps a failure that always comes from wearing the flash."""
    context.supervisor.report("evencell", error)
    context.supervisor.attempt("keeping that", context.crashes.flush, True)
    context.watch.relax()
    time.sleep(_PAUSE_SAFE_S if context.safe_mode else _PAUSE_S)
    context.board.restart()


async def run(context):
    """Start every part that is wanted, and see to it that all go on."""
    context.load()
    introduce(context)
    context.watch.start()
    for module in wanted_parts(context):
        start(context, module)
        gc.collect()  # what an import leaves must not lie between what stays
    collect_after(_COLLECT_AFTER_BYTES)
    for fault in context.config_faults:
        context.hub.post("config", None, fault.split(":")[0], fault)
    await stay_alive(context)


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
    """The first lines of the log: who this is, what is special about this start, and what is wrong."""
    log = context.log
    log.info("evencell %s on %s, id %s" % (__version__, context.board.name, context.device_id))
    if context.config["pins"]:
        refusals, warnings = context.board.use_pins(context.config["pins"])
        context.config_faults += refusals
        for warning in warnings:
            log.warning("configuration: " + warning)
    for fault in context.config_faults:
        log.warning("configuration: " + fault)
    for note in context.notes:
        log.warning(note)
    if context.crashes.reset_cause == "watchdog":
        context.supervisor.report("", None)


def wanted_parts(context) -> list[str]:
    """Modules of the parts that profile and configuration ask for."""
    return [
        module
        for profiles, switch, module in PARTS
        if context.profile in profiles.split() and _switched_on(context, switch)
    ]


async def stay_alive(context):
    """Look after the parts, for ever. A start that lasts is a good one: nothing has to be fallen back from."""
    is_proven = bool(context.safe_mode)  # that has to be left by an owner
    supervisor = context.supervisor
    while True:
        context.watch.look()
        supervisor.attempt("keeping that", context.crashes.flush)
        if not is_proven and context.clock.uptime_ms() >= _PROVEN_AFTER_MS:
            is_proven = True
            supervisor.attempt("boots", call, "boots", "proven", context.board.storage)
        await sleep_ms(_LOOK_MS)


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
    """Whether there is something to join. A radio without that stays off, and the log says how to change it.

    The board says beforehand what it has: making a station would already take the radio's memory.
    """
    wired = context.board.wired
    if wired is None:
        return False
    if wired or context.config["wifi"]["networks"]:
        return True
    context.log.info('no Wi-Fi: config.json names none, as in "wifi": {"networks": [{"ssid": "…", "password": "…"}]}')
    return False
