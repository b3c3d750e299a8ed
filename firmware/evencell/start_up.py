"""What happens once, at the start: the configuration, the first lines of the log, the parts that are wanted.

In memory only while it happens: a device starts once and runs for a year.
"""

import gc

from evencell import __version__
from evencell.app import COLLECT_AFTER_BYTES
from evencell.compat import collect_after, const
from evencell.runtime.lazy import lazy
from evencell.system.log import LEVELS
from evencell.system.memory import Memory
from evencell.system.on_demand import call, forget, keep_modules

# What there is to start: the profiles that have it, the switch in the configuration, and the module, whose
# `start(context)` sets it going. A module is imported only if it is wanted. `safe` is safe mode's profile.
# The network comes first: its driver needs memory in large pieces (docs/memory.md).
PARTS = (
    ("full telemetry safe", "wifi", "evencell.system.wifi"),
    ("full display telemetry", None, "evencell.link.part"),
    ("full", "history", "evencell.pack.history"),
    ("full display", "display", "evencell.display.part"),
    ("full telemetry", "time", "evencell.system.sntp"),
    ("full safe", "http", "evencell.forward.http"),
    ("full telemetry", "journal", "evencell.forward.journal"),  # before those that take from it
    ("full telemetry", "mqtt", "evencell.forward.mqtt"),
    ("full telemetry", "influx", "evencell.forward.influx"),
    ("full telemetry safe", "syslog", "evencell.forward.syslog"),
)

_COLLECT_AFTER_SHARE = const(4)  # of what is free once all has started
_NO_PSRAM = (
    "board: %s has PSRAM, and none was found here. Another module, or MicroPython for another kind of PSRAM? "
    "Memory may run out: docs/boards.md says which board to choose"
)
_PLAN = "evencell.runtime.plan"


def start_up(context):
    """Fill the context from the flash, and start every part that is wanted."""
    load(context)
    introduce(context)
    context.watch.start()
    wanted = wanted_parts(context)
    for module in wanted:
        start(context, module)
        gc.collect()  # what an import leaves must not lie between what stays
    drop_sections(context.config, wanted)
    # Each collection looks at all that is in use: where little of the heap is, as with PSRAM, they may be rarer.
    collect_after(max(COLLECT_AFTER_BYTES, context.board.gc_heap()[1] // _COLLECT_AFTER_SHARE))
    call(_PLAN, "check", context, wanted)
    keep_modules(context.heap.is_plentiful)  # but those of the start
    for fault in context.config_faults:
        context.hub.post("config", None, fault.split(":")[0], fault)


def load(context):
    """Read what the flash holds."""
    board = context.board
    context.safe_mode, context.notes = call("boots", "begin", board)
    context.config, context.config_faults, secrets = _configuration(board)
    context.profile = "safe" if context.safe_mode else context.config["profile"]
    context.log.level = LEVELS.index(context.config["log"]["level"])
    call(_PLAN, "use", context)
    if context.profile in ("full", "safe"):  # the page shows the log
        context.log.enlarge(context.heap.log_bytes)
    for secret in secrets:
        context.log.hide(secret)
    if context.profile != "display":
        from evencell.runtime.lazy import LazyLock

        context.lazy_lock = LazyLock()
    context.memory = Memory(board.storage + "/learned.json")
    context.device_id = board.unique_id()
    context.hostname = context.config["wifi"]["hostname"] or "evencell-" + context.device_id[-6:]


def _configuration(board) -> tuple[dict, list[str], list[str]]:
    """The configuration, its faults, and the secrets in it."""
    with lazy("evencell.system.config") as config:
        loaded, faults = config.load(board.config_path, board.overrides)
        return loaded, faults, config.secrets(loaded)


def introduce(context):
    """The first lines of the log: who this is, what is special about this start, and what is wrong."""
    log = context.log
    log.info("evencell %s on %s, id %s" % (__version__, context.board.name, context.device_id))
    if context.config["pins"]:
        refusals, warnings = context.board.use_pins(context.config["pins"])
        context.config_faults += refusals
        for warning in warnings:
            log.warning("configuration: " + warning)
    if context.board.lacks_psram():
        context.config_faults.append(_NO_PSRAM % context.board.name)
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
        if module.endswith(".part"):
            forget(module)  # it only introduces others to each other


def drop_sections(config: dict, wanted: list[str]):
    """Forget the sections of parts that stay off: nobody reads them before the next start."""
    for _profiles, switch, module in PARTS:
        if switch != "time" and module not in wanted:  # the display needs the local time
            config.pop(switch, None)


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
    if switch == "time":
        return _time_wanted(context)
    if switch == "journal":
        return settings["journal"]["enabled"] and (settings["mqtt"]["enabled"] or settings["influx"]["url"] is not None)
    if switch == "influx":
        return settings["influx"]["url"] is not None
    return settings[switch]["enabled"]


def _time_wanted(context) -> bool:
    """Whether the clock needs servers, and there is a way to them: a computer's own, a cable, or a radio that joins."""
    board, settings = context.board, context.config
    if board.set_time is None or not settings["time"]["servers"]:
        return False
    return board.wired is not False or bool(settings["wifi"]["networks"])


def _network_wanted(context) -> bool:
    """Whether there is something to join. A radio without that stays off, and the log says how to change it.

    The board says beforehand what it has: making a station would already take the radio's memory.
    """
    wired = context.board.wired
    if wired is None:
        return False
    if context.memory.get("wifi_off") and context.profile != "safe":
        context.log.info("no Wi-Fi: it was switched off in the display's menu")
        return False
    if wired or context.config["wifi"]["networks"]:
        return True
    context.log.info('no Wi-Fi: config.json names none, as in "wifi": {"networks": [{"ssid": "…", "password": "…"}]}')
    return False
