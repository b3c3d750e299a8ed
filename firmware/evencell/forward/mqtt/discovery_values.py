"""What the message of a pack to Home Assistant is filled with. Loaded on demand, and for no longer than that takes.

An entity's id is the device's id, the pack's place among the packs, and the field's name: none that an owner chooses,
so that a pack can be renamed and keeps its past. Topics have the new name then.
"""

import json

from evencell import __version__
from evencell.compat import const
from evencell.runtime.lazy import call

# Each field that commands can set, and their word for it. In the template `$e` and `$f` are the limits of the third.
SETTINGS = (
    ("cells_configured", "cell_count"),
    ("balancing_enabled", "balancing_enabled"),
    ("trigger_mv", "trigger_mv"),
    ("max_balance_ma", "max_balance_ma"),
)
_FIRST_LIMIT = const(97)  # "a"
_LOST_STATES = const(3)  # so many in a row may be missing before a value counts as gone: they have QoS 0
_RECONNECT_S = const(30)  # and so long may a connection take to come back
# A command to a device that sleeps waits at the broker: it has an end, and an id by which it is carried out once.
_COMMAND = """{{{'value':value,'expires':(now()|as_timestamp+%d)|int,'id':now().isoformat()}|tojson}}"""


def content(context, packs: list, place: int, valid_s: int = 0) -> tuple:
    """The message of the pack at `place`, as `publish` has `packs` and `valid_s`, and the ranges of its numbers.

    A message is its values by the code of their letter, the conditions whose lines are sent, those whose components are
    removed (both with a tab around each), and the number of cells. It is made once: between two pieces a pack may
    change, the length may not.
    """
    cells, has_temperature = packs[place]
    pack, settings = context.hub.packs[place], context.config["packs"][place]
    values = _values(context, pack, place, valid_s)
    # Bytes: a short text would be interned, and so stay in memory for good.
    wanted = b"\talways\t" + (b"further_pack\t" if place else b"first_pack\t")
    wanted += (b"" if valid_s else b"awake\t") + (b"page\t" if values[85] else b"")  # "U"
    wanted += b"temperature\t" if has_temperature else b""
    removed, ranges = b"\t", []
    can_write = context.config["mqtt"]["commands"] and settings["writable"]
    for condition, is_so in _features(context, settings, values) + _controls(pack, can_write, values, ranges):
        if is_so:
            wanted += condition + b"\t"
        else:
            removed += condition + b"\t"
    return (values, wanted, removed, cells), ranges


def _values(context, pack, place: int, valid_s: int) -> dict:
    """The values that every message has."""
    mqtt, name, values = context.config["mqtt"], context.config["name"], {}
    if place:
        name += " " + pack.name
    for key, value in (
        ("P", place),
        ("I", context.device_id),
        ("V", __version__),
        ("B", context.board.name),
        ("M", pack.model.upper().replace("_", "-")),
        ("D", name),
        ("S", entity_slug(name)),
        ("T", "%s/%s" % (mqtt["prefix"], context.device_id)),
        ("N", pack.name),
        ("E", valid_s or _expiry_s(mqtt["publish_s"], context.config["packs"][place]["interval_ms"])),
        ("U", page_url(context)),
    ):
        values[ord(key)] = json.dumps(str(value))[1:-1].encode()
    _set_sleep(values, valid_s)
    return values


def _set_sleep(values: dict, valid_s: int):
    """Let the values of a device that sleeps expire: between two reports it has no connection to be known by."""
    availability = expiry = command = b""
    if valid_s:
        expiry = b',"exp_aft":%d' % valid_s
        command = (',"cmd_tpl":"%s"' % (_COMMAND % valid_s)).encode()
    else:
        availability = b'{"t":"%s/availability"}' % values[84]  # "T"
    values[65], values[88], values[75] = availability, expiry, command  # "A", "X", "K"


def _features(context, settings: dict, values: dict) -> list:
    """Conditions of what the configuration has, and whether they are so."""
    control = context.config.get("control")  # None where this device has read none
    has_commands, policy = context.config["mqtt"]["commands"], control["policy"] if control else None
    has_policy = has_preset = False
    if policy and policy["preset"] != "off":
        has_policy = True
        has_preset = has_commands and (settings["writable"] or policy["by"] == "w")
        values[79] = b',"custom"' if policy["conditions"] else b""  # "O"
    has_w = control is not None and control["w"]["enabled"]
    return [(b"commands", has_commands), (b"policy", has_policy), (b"preset", has_preset), (b"w", has_w)]


def _controls(pack, is_writable: bool, values: dict, ranges: list) -> list:
    """The same of each setting: whether it has a control here, or is only shown.

    The range of the model is widened to the value that is set: Home Assistant refuses a state outside.
    """
    found = []
    for number in range(len(SETTINGS)):
        field, setting = SETTINGS[number]
        lowest = highest = 0
        if is_writable:
            lowest, highest = call("evencell.protocol.jk_settings", "setting_range", pack.model, setting)
        is_control = lowest != highest
        if is_control and setting != "balancing_enabled":
            value = getattr(pack.accepted, field)
            lowest, highest = min(lowest, value or lowest), max(highest, value or 0)
            ranges.append((field, lowest, highest))
            values[_FIRST_LIMIT + 2 * number] = b"%d" % lowest
            values[_FIRST_LIMIT + 2 * number + 1] = b"%d" % highest
        found += [(b"set " + field.encode(), is_control), (b"shown " + field.encode(), not is_control)]
    return found


def _expiry_s(publish_s: int, interval_ms: int) -> int:
    """How long a value counts: states come with readings, and at least every `publish_s`."""
    return _LOST_STATES * max(publish_s, interval_ms // 1000) + _RECONNECT_S


def page_url(context) -> str:
    """URL of the page; empty where none is served, or no address is known."""
    http = context.config.get("http")
    if not http or not http["enabled"]:
        return ""
    address = context.network.address if context.network else http["host"]
    if not address or address == "0.0.0.0":
        return ""
    return "http://%s/" % address if http["port"] == 80 else "http://%s:%d/" % (address, http["port"])


def entity_slug(text: str) -> str:
    """The part of an entity id that stands for a name."""
    found = ""
    for character in text.lower():
        if "a" <= character <= "z" or "0" <= character <= "9":
            found += character
        elif found and found[-1] != "_":
            found += "_"
    return found.rstrip("_") or "evencell"
