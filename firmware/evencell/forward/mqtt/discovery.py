"""Home Assistant's MQTT discovery (2025.4 or newer): one message for each pack, with all its entities.

Loaded on demand. The entities are data, in discovery.txt, which `tools/build/discovery_table.py` writes. A message is
some kilobytes, so it never exists as a whole: it is made line by line, once to count its bytes and once to send them.

A line is CONDITION, a tab and a template, in which `$X` stands for a value. Conditions: `always`, `first_pack`,
`further_pack`, `awake` (a device that never sleeps), `page` and `temperature` (where there is one), `cell` (once for
each), `missing_cell` (once for each up to 24). `commands`, `policy`, `preset`, `w`, `shown FIELD`, `set FIELD`: where
that is not so, the component is removed, for which Home Assistant wants its platform alone.

The first pack belongs to the device itself, so that a second one changes nothing of it; each further pack is a device
of its own, linked with `via_device`. Source: Home Assistant's documentation of MQTT, "Device discovery payload"; its
`components/mqtt/abbreviations.py`, and `discovery.py`, which knows no `~` but within one component.
"""

import json

from evencell import __version__
from evencell.compat import const, sleep_ms
from evencell.forward.mqtt import update_state
from evencell.protocol.jk_balancer import CELL_SLOTS
from evencell.runtime.lazy import call
from evencell.storage.data_files import open_data

TEMPLATE = "discovery.txt"
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
_PUBLISHED_PACKS = "announced_packs"
# A command to a device that sleeps waits at the broker: it has an end, and an id by which it is carried out once.
_COMMAND = """{{{'value':value,'expires':(now()|as_timestamp+%d)|int,'id':now().isoformat()}|tojson}}"""


async def publish(client, context, packs: list, valid_s: int = 0) -> list:
    """Publish the message of each pack, `packs`: (cells, whether it has a temperature); cells is 0 while not known.

    Packs that were there before a change of the configuration are removed. `valid_s`: how long a report of a device
    that sleeps counts, 0 for one that stays awake. Raises OSError. Returns for each pack the ranges of its numbers:
    (field, lowest, highest).
    """
    ranges = []
    for place in range(len(packs)):
        message = DiscoveryMessage(context, packs, place, valid_s)
        ranges.append(message.ranges)
        length = 0
        for piece in message.pieces():
            length += len(piece)
            await sleep_ms(0)
        await client.publish(_topic(context, place), message.pieces(), qos=1, retain=True, payload_bytes=length)
    for place in range(len(packs), context.key_values.get(_PUBLISHED_PACKS) or 0):
        await client.publish(_topic(context, place), b"", qos=1, retain=True)
    context.key_values.put(_PUBLISHED_PACKS, len(packs))
    await update_state.publish(client, context, qos=1)
    return ranges


def _topic(context, place: int) -> str:
    prefix = context.config["mqtt"]["discovery_prefix"]
    return "%s/device/%s%s/config" % (prefix, context.device_id, "_%d" % place if place else "")


class DiscoveryMessage:
    """The message of one pack. Its values are taken once: between two pieces a pack may change, the length may not.

    An entity's id is the device's id, the pack's place in `packs`, and the field's name: none that an owner chooses,
    so that a pack can be renamed and keeps its past. Topics have the new name then.
    """

    def __init__(self, context, packs: list, place: int, valid_s: int = 0):
        self._cells, has_temperature = packs[place]
        self._conditions = {b"always": True}  # False: the component is removed; without one the line is left out
        self._values = {}
        self.ranges = []  # of the numbers that can be set: (field, lowest, highest)
        pack, mqtt, url = context.hub.packs[place], context.config["mqtt"], page_url(context)
        name = context.config["name"]
        if place:
            name += " " + pack.name
        settings = context.config["packs"][place]
        for key, value in (
            ("P", place),
            ("I", context.device_id),
            ("V", __version__),
            ("B", context.board.name),
            ("M", pack.model.upper().replace("_", "-")),
            ("D", name),
            ("S", slug(name)),
            ("T", "%s/%s" % (mqtt["prefix"], context.device_id)),
            ("N", pack.name),
            ("E", valid_s or _expiry_s(mqtt["publish_s"], settings["interval_ms"])),
            ("U", url),
        ):
            self._values[ord(key)] = json.dumps(str(value))[1:-1].encode()
        self._set_sleep(valid_s)
        conditions = self._conditions
        conditions[b"further_pack" if place else b"first_pack"] = True
        if url:
            conditions[b"page"] = True
        if has_temperature:
            conditions[b"temperature"] = True
        conditions[b"commands"] = mqtt["commands"]
        self._set_features(context.config.get("control"), mqtt["commands"], settings["writable"])
        self._set_controls(pack, mqtt["commands"] and settings["writable"])

    def _set_features(self, control: dict | None, has_commands: bool, is_writable: bool):
        """`control`: of the configuration; None where this device has read none."""
        self._conditions[b"policy"] = self._conditions[b"preset"] = False
        policy = control["policy"] if control else None
        if policy and policy["preset"] != "off":
            self._conditions[b"policy"] = True
            self._conditions[b"preset"] = has_commands and (is_writable or policy["by"] == "w")
            self._values[79] = b',"custom"' if policy["conditions"] else b""  # "O"
        self._conditions[b"w"] = control is not None and control["w"]["enabled"]

    def _set_sleep(self, valid_s: int):
        """Let the values of a device that sleeps expire: between two reports it has no connection to be known by."""
        availability = expiry = command = b""
        if valid_s:
            expiry = b',"exp_aft":%d' % valid_s
            command = (',"cmd_tpl":"%s"' % (_COMMAND % valid_s)).encode()
        else:
            availability = b'{"t":"%s/availability"}' % self._values[84]  # "T"
            self._conditions[b"awake"] = True
        self._values[65], self._values[88], self._values[75] = availability, expiry, command  # "A", "X", "K"

    def pieces(self):
        """The message in pieces of at most some hundred bytes, each time the same."""
        values, cells = self._values, self._cells
        file = open_data(__file__.rsplit("/", 1)[0] + "/" + TEMPLATE)
        try:
            while True:
                line = file.readline()
                if not line:
                    break
                condition, line = line[:-1].split(b"\t")
                if condition == b"cell":
                    numbers = range(cells)
                elif condition == b"missing_cell":
                    numbers = range(cells or CELL_SLOTS, CELL_SLOTS)
                elif condition in self._conditions:
                    if not self._conditions[condition]:
                        line = line[: line.find(b",", 1)] + b"}"
                    numbers = (0,)
                else:
                    continue
                for cell in numbers:
                    values[99], values[67] = b"%d" % cell, b"%d" % (cell + 1)
                    yield self._filled(line)
        finally:
            file.close()

    def _filled(self, template: bytes) -> bytes:
        """The template with its values."""
        parts = template.split(b"$")
        for i in range(1, len(parts)):
            part = parts[i]
            parts[i] = self._values[part[0]] + part[1:]
        return b"".join(parts)

    def _set_controls(self, pack, is_writable: bool):
        """Decide which settings have a control here. The range of the model is widened to the value that is set: Home
        Assistant refuses a state outside.
        """
        for number in range(len(SETTINGS)):
            field, setting = SETTINGS[number]
            lowest = highest = 0
            if is_writable:
                lowest, highest = call("evencell.protocol.jk_settings", "setting_range", pack.model, setting)
            is_control = lowest != highest
            if is_control and setting != "balancing_enabled":
                value = getattr(pack.accepted, field)
                lowest, highest = min(lowest, value or lowest), max(highest, value or 0)
                self.ranges.append((field, lowest, highest))
                self._values[_FIRST_LIMIT + 2 * number] = b"%d" % lowest
                self._values[_FIRST_LIMIT + 2 * number + 1] = b"%d" % highest
            self._conditions[b"set " + field.encode()] = is_control
            self._conditions[b"shown " + field.encode()] = not is_control


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


def slug(text: str) -> str:
    """The part of an entity id that stands for a name."""
    found = ""
    for character in text.lower():
        if "a" <= character <= "z" or "0" <= character <= "9":
            found += character
        elif found and found[-1] != "_":
            found += "_"
    return found.rstrip("_") or "evencell"
