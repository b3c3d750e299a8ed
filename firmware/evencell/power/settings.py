"""The checked configuration as a device that sleeps keeps it: `wake.json`. Its wakes parse nothing else (lazy module).

main.py starts power/wake.py where this file is.
"""

from binascii import unhexlify

from evencell.compat import const
from evencell.power.state import ANY_UART, PackState
from evencell.runtime.lazy import call, lazy

_FILE = "/wake.json"
_SECTIONS = ("name", "packs", "wifi", "time", "mqtt", "journal", "log", "pins")
_STATE_FILE = "evencell.storage.state_file"
_SHORTEST_S = const(60)  # of the intervals that follow from interval_s
_SPAN = const(4)  # they are so many times shorter or longer


def read_config(board) -> tuple[dict, list[str], list[str]]:
    """The configuration as its file is now, its faults, and warnings."""
    with lazy("evencell.config.load") as config:
        return config.load(board.config_path, board.overrides)


def is_wanted(config: dict) -> bool:
    """Whether a device with this configuration sleeps."""
    return config["profile"] == "telemetry" and config["power"]["interval_s"] > 0


def save(board, faults, config: dict, sentences: list):
    """Write what of the configuration a wake may need, and sentences about its faults, where that changed."""
    kept = _kept(config, sentences)
    if _load(board, faults) != kept:
        call(_STATE_FILE, "save_json", faults, board.storage + _FILE, kept)


def load(board, faults) -> dict:
    """What `save` wrote; where that is damaged, the configuration itself."""
    found = _load(board, faults)
    if found is None:
        found, sentences, _ = read_config(board)
        found = _kept(found, sentences)
    return found


def _kept(config: dict, sentences: list) -> dict:
    kept = {name: config[name] for name in _SECTIONS}
    kept["w"], kept["limits"] = config["control"]["w"], config["control"]["limits"]
    kept["influx"] = {"url": None}  # a database is no sink of a device that sleeps
    kept["faults"] = sentences
    return kept


def use_pins(wake):
    """Take the pins of the configuration."""
    board = wake.board
    with lazy("evencell.app") as app:
        board.use_pins(load(board, app.Context(board, wake.clock).storage_faults)["pins"])


def delete(board):
    """The device does not sleep any more."""
    call(_STATE_FILE, "delete", board.storage + _FILE)


def _load(board, faults):
    return call(_STATE_FILE, "load_json", faults, board.storage + _FILE, "wake")


def apply(state, config: dict, scales: list):
    """Put into RTC memory what each wake needs. `scales`: the temperature scale of each pack."""
    power, packs = config["power"], config["packs"]
    state.usual_s = power["interval_s"]
    state.min_s = power["min_interval_s"] or shortest_s(state.usual_s)
    state.max_s = max(state.usual_s, power["max_interval_s"] or state.usual_s * _SPAN)
    state.report_s = power["report_s"] if config["mqtt"]["enabled"] else 0
    bthome = config["bthome"]
    state.beacon_ms = 1000 * bthome["advertise_s"] if bthome["enabled"] else 0
    state.has_bindkey, state.bindkey = (1, unhexlify(bthome["bindkey"])) if bthome["bindkey"] else (0, b"")
    state.low_pack_mv = power["low_pack_mv"] or 0
    state.spill_every = power["spill_every"]
    state.awake_s = power["awake_s"] if _has_something_to_show(config) else 0
    state.has_w = 1 if call("evencell.power.supply", "is_wanted", config) else 0
    state.has_pins = 1 if config["pins"] else 0
    own = config["control"]["limits"]
    state.packs = [_pack_state(state, packs[place], own, scales[place]) for place in range(len(packs))]


def shortest_s(usual_s: int) -> int:
    """The shortest sleep of a device whose usual one this is, where none is configured."""
    return min(usual_s, max(_SHORTEST_S, usual_s // _SPAN))


def _has_something_to_show(config: dict) -> bool:
    """Whether there may be a page or a display while the device is awake."""
    return config["display"]["driver"] != "none" or config["http"]["enabled"]


def _pack_state(state, settings: dict, own: dict, scale: int):
    """The state of a configured pack: that which it has, or a new one. `own`: the owner's limits."""
    tag = call("evencell.forward.outbox.record", "tag_of", settings["name"])
    found = [pack for pack in state.packs if pack.tag == tag] or [PackState()]
    pack = found[0]
    pack.tag = tag
    pack.timeout_ms, pack.address = settings["timeout_ms"], settings["address"]
    pack.uart = ANY_UART if settings["uart"] is None else settings["uart"]
    with lazy("evencell.pack.limits") as limits:
        pack.highest_mv = (limits.limits_of(settings["chemistry"], own) or (0, 0))[1]
        pack.low_mv, pack.low_step_mv = limits.low_limits(settings["chemistry"], own)
    pack.dc_per_count = scale
    return pack
