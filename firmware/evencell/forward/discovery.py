"""What Home Assistant (2024.11 or newer) is told about this device: one message that lists every entity.

In memory only while it is told. The message is some kilobytes, so it never exists as a whole: it is made in pieces,
once to count them and once to send them. Source: Home Assistant's documentation of MQTT, "Device discovery payload";
its `components/mqtt/abbreviations.py`, and `discovery.py`, which knows no `~` but within one component.
"""

import json

from evencell import __version__
from evencell.compat import const, sleep_ms
from evencell.link.diagnosis import VERDICTS
from evencell.pack.alarms import ALARMS
from evencell.pack.field_meanings import MEANINGS
from evencell.pack.fields import FIELDS
from evencell.pack.pack import LINKS
from evencell.pack.status import BALANCE_STATES
from evencell.protocol.jk_balancer import CELL_SLOTS
from evencell.protocol.jk_settings import setting_range

_LOST_STATES = const(3)  # so many in a row may be missing before a value counts as gone: they have QoS 0
_RECONNECT_S = const(30)  # and so long may a connection take to come back
_REMEMBERED = "announced_packs"

_SENSOR = '"p":"sensor"'
_BINARY = '"p":"binary_sensor"'
_NUMBER = '"p":"number"'
_SWITCH = '"p":"switch"'
_ENUM = '"p":"sensor","dev_cla":"enum","ops":["%s"]'
_DIAGNOSTIC = ',"ent_cat":"diagnostic"'
_BALANCER = "{{'online' if value in('online','stale')else'offline'}}"

# Device class, unit and decimals of what is a quantity, by the field's kind, or of one field apart.
_QUANTITIES = {
    "pack_mv": ("voltage", "V", 2),  # it comes in steps of 10 mV
    "voltage": ("voltage", "V", 3),
    "cells": ("voltage", "V", 3),
    "current": ("current", "A", 2),
    "temperature": ("temperature", "°C", 1),
}
# What nobody measures: the field, and what a command calls it.
_SETTINGS = {
    "cells_configured": "cell_count",
    "balancing_enabled": "balancing_enabled",
    "trigger_mv": "trigger_mv",
    "max_balance_ma": "max_balance_ma",
}
_UNITS = {"trigger_mv": ("voltage", "mV"), "max_balance_ma": ("current", "mA")}  # as commands take them


async def announce(client, context, shown: list):
    """Publish what there is: of each pack (cells, whether it has a temperature); cells is 0 while not known.

    Packs that were there before a change of the configuration are taken back. Raises OSError.
    """
    announcement = Announcement(context, shown, context.memory.get(_REMEMBERED) or 0)
    length = 0
    for piece in announcement.pieces():
        length += len(piece)
        await sleep_ms(0)
    topic = "%s/device/%s/config" % (context.config["mqtt"]["discovery_prefix"], context.device_id)
    await client.publish(topic, announcement.pieces(), qos=1, retain=True, payload_bytes=length)
    context.memory.put(_REMEMBERED, len(shown))


class Announcement:
    """The message. It keeps what was shown at first: between two pieces a pack may change, and the length may not.

    An entity's id is the device's id, the pack's place in `packs`, and the field's name: none that an owner chooses,
    so that a pack can be renamed and keeps its past. Topics have the new name then.
    """

    def __init__(self, context, shown: list, announced: int):
        self._context = context
        self._shown = shown
        self._announced = announced
        mqtt = context.config["mqtt"]
        self._topic = json.dumps("%s/%s" % (mqtt["prefix"], context.device_id))[1:-1]

    def pieces(self):
        """The message in pieces of at most some hundred bytes, each time the same."""
        yield self._head().encode()
        comma = ""
        for component in self._components():
            yield (comma + component).encode()
            comma = ","
        yield b"}}"

    def _head(self) -> str:
        """Device, origin, and what the first pack's entities share: for one pack the message is half as long then."""
        context = self._context
        owner = (context.device_id, json.dumps(context.config["name"]), context.board.name, __version__)
        device = '{"ids":"evencell-%s","name":%s,"mf":"evencell","mdl":"%s","sw":"%s"}' % owner
        origin = '{"name":"evencell","sw":"%s"}' % __version__
        return '{"dev":%s,"o":%s,"avty_mode":"all",%s,"cmps":{' % (device, origin, self._source(0))

    def _source(self, place: int) -> str:
        """Where the states of a pack come from, and when they count: while device and balancer are there."""
        pack = "%s/%s" % (self._topic, self._context.hub.packs[place].name)
        return '"stat_t":"%s/state","avty":[{"t":"%s/availability"},{"t":"%s/link","val_tpl":"%s"}]' % (
            pack,
            self._topic,
            pack,
            _BALANCER,
        )

    def _components(self):
        for place in range(len(self._shown)):
            shared = "," + self._source(place) if place else ""
            source = ',"exp_aft":%d%s' % (self._expiry_s(place), shared)
            settable = self._settable(place)
            for key, name, options, template in entities(*self._shown[place]):
                if key in settable:
                    yield _gone(place, key, options)
                else:
                    yield self._component(place, key, name, '%s%s,"val_tpl":"%s"' % (options, source, template))
            yield from self._controls(place, settable, shared)
            for key, name, options, template in topics():
                yield self._component(place, key, name, self._of_topic(place, key, options, template))
            if self._shown[place][0]:
                for cell in range(self._shown[place][0] + 1, CELL_SLOTS + 1):
                    yield _gone(place, "cell_%d" % cell, _SENSOR)
        for place in range(len(self._shown), self._announced):
            for key, _, options, _ in entities(CELL_SLOTS, True):
                yield _gone(place, key, options)
            for key, _, options, _ in topics():
                yield _gone(place, key, options)
            yield from self._controls(place, (), "")

    def _settable(self, place: int) -> list:
        """The fields that commands change here."""
        config = self._context.config
        if not config["mqtt"]["commands"] or not config["packs"][place]["writable"]:
            return []
        model = self._context.hub.packs[place].model
        return [field for field in _SETTINGS if control(model, _SETTINGS[field])]

    def _controls(self, place: int, settable, shared: str):
        """What changes a setting. Its key is its own: Home Assistant keeps what only shows it until that key goes."""
        for field, kind in FIELDS:
            meaning = MEANINGS[field]
            if field not in _SETTINGS:
                continue
            setting = _SETTINGS[field]
            if field in settable:
                pack = self._context.hub.packs[place]
                template = _template("switch" if kind == "switch" else "count") % field  # in what commands take: no V
                about = (control(pack.model, setting), shared, self._topic, pack.name, setting, template)
                options = '%s%s,"ent_cat":"config","qos":1,"cmd_t":"%s/%s/set/%s","val_tpl":"%s"' % about
                yield self._component(place, "set_" + setting, meaning, options)
            else:
                yield _gone(place, "set_" + setting, _SWITCH if kind == "switch" else _NUMBER)

    def _component(self, place: int, key: str, name: str, options: str) -> str:
        if len(self._shown) > 1:
            name = self._context.hub.packs[place].name + " " + name
        about = (place, key, name, self._context.device_id, place, key, options)
        return '"%d_%s":{"name":"%s","uniq_id":"%s_%d_%s",%s}' % about

    def _of_topic(self, place: int, key: str, options: str, template: str) -> str:
        name = self._context.hub.packs[place].name
        topic = "%s/%s/%s" % (self._topic, name, "verdict" if key == "verdict" else "link")
        source = ',"stat_t":"%s","avty":[{"t":"%s/availability"}]' % (topic, self._topic)
        return '%s%s%s,"val_tpl":"%s"' % (options, _DIAGNOSTIC, source, template)

    def _expiry_s(self, place: int) -> int:
        """How long a value counts: states come with readings, and at least every `publish_s`."""
        config = self._context.config
        longest_s = max(config["mqtt"]["publish_s"], config["packs"][place]["interval_ms"] // 1000)
        return _LOST_STATES * longest_s + _RECONNECT_S


def entities(cells: int, has_temperature: bool):
    """(key, name, options, template) of what a status brings. What isn't there has none."""
    for field, kind in FIELDS:
        meaning = MEANINGS[field]
        options = _options(field, kind)
        template = _template(kind)
        if kind == "cells":
            for cell in range(cells):
                yield (
                    "cell_%d" % (cell + 1),
                    "Cell %d voltage" % (cell + 1),
                    options,
                    template % ("cells_mv[%d]" % cell),
                )
        elif kind == "alarms":
            for alarm in ALARMS:
                yield "alarm_" + alarm, "Alarm " + alarm.replace("_", " "), options, template % alarm
        elif kind != "temperature":
            yield field, meaning, options, template % field
        elif has_temperature:
            yield "temperature", meaning, options, template % "temperature_c"


def _options(field: str, kind: str) -> str:
    """What a field is. A setting is diagnostic: Home Assistant has "config" only for what it may set itself."""
    options = _BINARY if kind in ("switch", "alarms") else _SENSOR
    quantity = _QUANTITIES.get(field) or _QUANTITIES.get(kind)
    if quantity:
        options += ',"dev_cla":"%s","unit_of_meas":"%s","sug_dsp_prc":%d' % quantity
        if field not in _SETTINGS:
            options += ',"stat_cla":"measurement"'
    elif kind == "balance_state":
        options = _ENUM % '","'.join(BALANCE_STATES)
    elif kind == "alarms":
        options += ',"dev_cla":"problem"'
    elif kind == "raw":
        options += ',"en":false'
    return options + _DIAGNOSTIC if field in _SETTINGS or kind in ("count", "raw") else options


def control(model: str, setting: str) -> str:
    """What changes it on a balancer of `model`; nothing where there is but one value, such as 4 cells."""
    lowest, highest = setting_range(model, setting)
    if setting == "balancing_enabled":
        return _SWITCH
    if lowest == highest:
        return ""
    options = '%s,"min":%d,"max":%d,"step":1,"mode":"box"' % (_NUMBER, lowest, highest)
    if setting in _UNITS:
        options += ',"dev_cla":"%s","unit_of_meas":"%s"' % _UNITS[setting]
    return options


def _template(kind: str) -> str:
    """What makes a value in base units of the field (or the alarm) in a state."""
    if kind in ("voltage", "cells", "current"):
        return "{%%set v=value_json.%s%%}{{v/1000 if v is number else none}}"
    if kind == "switch":
        return "{{'ON' if value_json.%s else 'OFF'}}"
    if kind == "alarms":
        return "{{'ON' if '%s' in value_json.alarms else 'OFF'}}"
    return "{{value_json.%s}}"


def topics():
    """The same of what has a topic of its own, whether or not the balancer answers."""
    yield "link", "Link", _ENUM % '","'.join(LINKS), "{{value}}"
    is_there = "{{'ON' if value in('online','stale')else'OFF'}}"
    yield "connected", "Connection", _BINARY + ',"dev_cla":"connectivity"', is_there
    yield "verdict", "Verdict", _ENUM % '","'.join(sorted(set(VERDICTS))), "{{value}}"


def _gone(place: int, key: str, options: str) -> str:
    """A component that is to be removed has its platform alone."""
    return '"%d_%s":{%s}' % (place, key, options.split(",")[0])
