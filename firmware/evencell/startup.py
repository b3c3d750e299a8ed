"""Start-up: loads the configuration, writes the first lines of the log, and starts the parts that are wanted."""

import gc

from evencell import __version__
from evencell.app import COLLECT_AFTER_BYTES
from evencell.compat import collect_after, const
from evencell.runtime.lazy import call, keep_modules, lazy, unload
from evencell.runtime.log import LEVELS
from evencell.storage.files import remove
from evencell.storage.key_value import KeyValueStore
from evencell.storage.paths import exists

# What there is to start: the profiles that have it, the switch in the configuration, and the module, whose
# `start(context)` sets it going. A module is imported only if it is wanted. `safe` and `setup` are the profiles
# of safe mode and of setup mode, `awake` that of a device that sleeps, after a press of its button.
# The network comes first: its driver needs memory in large pieces (docs/memory.md).
PARTS = (
    ("telemetry", "power", "evencell.power.part"),  # the first: no other is started then
    ("awake", None, "evencell.power.awake"),
    ("full telemetry safe awake", "wifi", "evencell.net.part"),
    ("full", "fallback_ap", "evencell.setup.fallback"),
    ("setup", None, "evencell.setup.part"),
    ("full display telemetry awake", None, "evencell.link.part"),
    ("full", "history", "evencell.history.recorder"),
    ("full display telemetry awake", "control", "evencell.control.part"),
    ("full display telemetry", "rules", "evencell.control.rules_part"),
    ("full display setup awake", "display", "evencell.display.part"),
    ("display", "bthome", "evencell.forward.bthome.part"),
    ("full telemetry", "time", "evencell.clock.sntp"),
    ("full safe awake", "http", "evencell.forward.http.routes"),
    ("full telemetry", "journal", "evencell.forward.outbox.outbox"),  # before those that take from it
    ("full telemetry", "mqtt", "evencell.forward.mqtt.forwarder"),
    ("full telemetry", "influx", "evencell.forward.influx.writer"),
    ("full telemetry safe", "syslog", "evencell.forward.syslog"),
)

_COLLECT_AFTER_SHARE = const(4)  # of what is free once all has started
_NO_PSRAM = (
    "board: %s has PSRAM, and none was found here. Another module, or MicroPython for another kind of PSRAM? "
    "Memory may run out: docs/boards.md says which board to choose"
)
_NO_NETWORK = (
    "no Wi-Fi: config.json names none, so there is no page, MQTT or time; switch the device off and on, and set it up "
    'by phone (docs/wifi.md), or add "wifi": {"networks": [{"ssid": "…", "password": "…"}]}'
)
_PLAN = "evencell.runtime.plan"


def start_up(context):
    """Fill the context from the flash, and start every part that is wanted."""
    stay_awake(context.board)
    load(context)
    introduce(context)
    context.watchdog.start()
    wanted = wanted_parts(context)
    for module in wanted:
        start(context, module)
        gc.collect()  # so that garbage of the import does not fragment the heap
    if context.hub.packs and context.key_values.get("low_pack_levels") is not None:
        call("evencell.control.low_pack", "begin", context)
    if not context.setup:
        drop_sections(context.config, wanted)
        call(_PLAN, "check", context, wanted)
        if not context.heap.is_plentiful and context.profile != "awake":  # which makes more of them when it sleeps
            call("evencell.runtime.after_start", "release", context)
    # A collection marks all objects in use: where the heap is large, as with PSRAM, it may run less often.
    collect_after(max(COLLECT_AFTER_BYTES, context.board.gc_heap()[1] // _COLLECT_AFTER_SHARE))
    keep_modules(context.heap.is_plentiful)  # from now on; those of the start are still unloaded
    for fault in context.config_faults:
        context.hub.post("config", None, fault.split(":")[0], fault)
    if exists(context.board.storage + "/update.json"):
        call("evencell.update.outcome", "begin", context)


def stay_awake(board):
    """Restart as a device that does not sleep, where another firmware on this flash did: boot.py spared the memory."""
    path = board.storage + "/wake.json"
    if exists(path):
        remove(path)
        board.restart()


def load(context):
    """Read what the flash holds."""
    board = context.board
    context.safe_mode, context.notes = call("evencell.runtime.boot_state", "begin", board, context.storage_faults)
    context.config, context.config_faults, warnings = _configuration(board)
    context.notes += warnings
    if not context.config_faults:
        call("evencell.config.checked", "mark", context)
    context.profile = "safe" if context.safe_mode else context.config["profile"]
    if context.profile == "telemetry" and _is_awake(board.storage + "/awake.json"):
        context.profile = "awake"
    context.log.level = LEVELS.index(context.config["log"]["level"])
    call(_PLAN, "use", context)
    if context.profile in ("full", "safe", "awake"):  # the page shows the log
        context.log.enlarge(context.heap.log_bytes)
    if _has_long_scopes(context):
        from evencell.runtime.lazy_lock import LazyLock

        context.lazy_lock = LazyLock()
    context.key_values = KeyValueStore(board.storage + "/learned.json", context.storage_faults)
    context.device_id = board.unique_id()
    if call("evencell.setup.mode", "is_wanted", context):
        context.profile = "setup"
    context.hostname = context.config["wifi"]["hostname"] or "evencell-" + context.device_id[-6:]


def _is_awake(path: str) -> bool:
    """Whether a device that sleeps stays awake in this start (power/awake.py): only once for each press."""
    if not exists(path):
        return False
    remove(path)
    return not exists(path)


def _has_long_scopes(context) -> bool:
    """Whether lazy modules stay loaded across an `await`: of page, outbox, discovery, policy, rules or W."""
    settings = context.config
    if _switched_on(context, "control") or _switched_on(context, "rules"):
        return True
    if context.profile == "telemetry":
        return settings["journal"]["enabled"] or settings["mqtt"]["discovery"]
    return context.profile != "display"


def _configuration(board) -> tuple[dict, list[str], list[str]]:
    """The configuration, its faults, and warnings."""
    with lazy("evencell.config.load") as config:
        return config.load(board.config_path, board.overrides)


def introduce(context):
    """Log version, board and id, what is special about this start, and faults of the configuration."""
    log = context.log
    log.info("evencell %s on %s, id %s" % (__version__, context.board.name, context.device_id))
    if context.config["pins"]:
        refusals, warnings = context.board.use_pins(context.config["pins"])
        context.config_faults += refusals
        for warning in warnings:
            log.warning("configuration: " + warning)
    config = context.config
    if config["wifi"]["power_save"] or config["power"]["cpu_mhz"]:
        for warning in context.board.save_power(config):
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
        context.log.info("%s is not in this build: it stays off" % _switch_of(module))
    else:
        part.start(context)
        if module.endswith("part"):
            unload(module)  # what it imported stays
        elif not context.heap.is_plentiful:
            del part.start  # its code is needed no more


def _switch_of(module: str) -> str:
    """What the part is called in the configuration."""
    return next(switch or module for _, switch, other in PARTS if other == module)


def drop_sections(config: dict, wanted: list[str]):
    """Delete the sections that are not read before the next start: of parts that stay off, and of keys (keys.py)."""
    config.pop("update", None)
    if not config["wifi"]["fallback_ap"]:
        del config["wifi"]  # its networks are with net/station.py
    for _profiles, switch, module in PARTS:
        if switch not in ("time", "control") and module not in wanted:  # the display needs the local time
            config.pop(switch, None)
    _drop_control(config, wanted)
    if "evencell.forward.http.routes" not in wanted:
        config.pop("auth", None)


def _drop_control(config: dict, wanted: list[str]):
    """Of the section `control` a device without policy and rules needs the limits alone, where it may write."""
    if not any(module.startswith("evencell.control") for module in wanted):
        limits = config.pop("control")["limits"]
        if any(pack["writable"] for pack in config["packs"]):
            config["control"] = {"limits": limits}


def _switched_on(context, switch: str | None) -> bool:
    settings = context.config
    if switch is None:
        return True
    if switch == "wifi":
        return _network_wanted(context)
    if switch == "fallback_ap":
        return settings["wifi"]["fallback_ap"] and not context.board.wired
    if switch == "display":
        return settings["display"]["driver"] != "none"
    if switch == "power":
        return settings["power"]["interval_s"] > 0
    if switch == "syslog":
        return settings["log"]["syslog"] is not None
    if switch == "time":
        return _time_wanted(context)
    if switch == "journal":
        return settings["journal"]["enabled"] and (settings["mqtt"]["enabled"] or settings["influx"]["url"] is not None)
    if switch == "control":
        control = settings["control"]
        return control["policy"]["preset"] != "off" or control["w"]["enabled"]
    if switch == "rules":
        control = settings["control"]
        is_wanted = control["builtin_rules"]
        return bool(control["rules"]) or (context.heap.is_plentiful if is_wanted is None else is_wanted)
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
    """Whether there is a network to join. Without one the radio stays off, and a log line says how to change that.

    `board.wired` is known without a station: making one would take the radio's memory.
    """
    wired = context.board.wired
    if wired is None:
        return False
    if context.key_values.get("wifi_off") and context.profile != "safe":
        context.log.info("no Wi-Fi: it was switched off in the display's menu")
        return False
    if wired or context.config["wifi"]["networks"]:
        return True
    context.log.warning(_NO_NETWORK)
    return False
