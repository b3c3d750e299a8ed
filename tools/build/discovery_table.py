"""The entities of a pack in Home Assistant, and the template of its discovery message that is made of them.

`python -m tools.build.discovery_table` writes the template, `firmware/evencell/forward/mqtt/discovery.txt`: a file of
data, because the same as code would take 6 KB of a chip's heap. forward/mqtt/discovery.py explains its format.

Names are short: Home Assistant's page of a device cuts what is longer than some 25 characters. What changes every few
seconds has a state class or a unit, else each change would be an entry of its own in the activity.
"""

from collections.abc import Iterator
from typing import NamedTuple

from evencell.forward.mqtt.discovery_values import SETTINGS, entity_slug
from evencell.link.diagnosis import VERDICTS
from evencell.pack.alarms import ALARMS
from evencell.pack.fields import FIELDS
from evencell.pack.pack import LINKS
from evencell.pack.status import BALANCE_STATES
from tools.build.common import FIRMWARE

_LINES = (FIRMWARE / "evencell/forward/http/metrics_fields.txt").read_text("utf-8").splitlines()
MEANINGS = dict(line.split(" ", 1) for line in _LINES)
PATH = FIRMWARE / "evencell/forward/mqtt/discovery.txt"

# Device class, unit and decimals of quantities, by the field's kind, or of one field apart.
_QUANTITIES = {
    "pack_mv": ("voltage", "V", 2),  # it comes in steps of 10 mV
    "voltage": ("voltage", "V", 3),
    "cells": ("voltage", "V", 3),
    "current": ("current", "A", 2),
    "temperature": ("temperature", "°C", 1),
}
_SET_UNITS = {"trigger_mv": ("voltage", "mV"), "max_balance_ma": ("current", "mA")}  # as commands take them
_ICONS = {
    "delta_mv": "arrow-expand-vertical",
    "highest_cell": "arrow-up-bold",
    "lowest_cell": "arrow-down-bold",
    "cells_detected": "battery-unknown",
    "cells_configured": "battery-check",
    "balance_state": "scale-balance",
    "balancing_enabled": "scale-balance",
    "trigger_mv": "arrow-collapse-vertical",
    "max_balance_ma": "speedometer",
    "temperature_raw": "numeric",
    "alarms_raw": "numeric",
}
_SETTABLE = [field for field, _ in SETTINGS]
_MEASURED = ',"stat_cla":"measurement"'
_DIAGNOSTIC = ',"ent_cat":"diagnostic"'
_CONFIG = ',"ent_cat":"config"'
_DISABLED = ',"en":false'
_PROBLEM = ',"dev_cla":"problem"'
_ENUM = ',"dev_cla":"enum","ops":["%s"]'
_ICON = ',"ic":"mdi:%s"'
# On while it balances, and for a minute after: the balancer itself switches on and off every few seconds.
_BALANCING_S = ',"ic":"mdi:scale-balance","off_dly":60'
_BALANCING = "{%if value_json.balance_state!='waiting'%}ON{%elif this.state!='on'%}OFF{%endif%}"
_CELL_OF = "{%%set n=value_json.%s%%}{{value_json.cells_mv[n-1]/1000 if n is number else none}}"
_EVENT = "{{{'event_type':value_json.type,'name':value_json.name,'value':value_json.value}|tojson}}"
_REFUSED = (
    "{%if value_json.error%}{{{'event_type':'refused','name':value_json.name,'requested':value_json.requested,"
    "'error':value_json.error}|tojson}}{%endif%}"
)
_CONNECTED = "{{'OFF' if value=='offline'else'ON'}}"  # what is asleep, or a little late, is no problem
_LINK_AVAILABLE = "{{'offline' if value=='offline'else'online'}}"
_DEVICE_AVAILABLE = ',"avty":[$A]'
_ALWAYS_AVAILABLE = ',"avty":[]'
_EXPIRY = ',"exp_aft":$E'
_EXPIRY_ASLEEP = "$X"  # the same where the device sleeps, which has no availability


class Entity(NamedTuple):
    """A component of the message; `condition` as discovery.py knows it, `key` without the pack's place."""

    condition: str
    platform: str
    key: str
    name: str
    options: str
    template: str

    @property
    def line(self) -> str:
        """Its line of the template."""
        head = f'"p":"{self.platform}","name":"{self.name}","uniq_id":"$I_$P_{self.key}"'
        entity_id = f'"def_ent_id":"{self.platform}.$S_{_slug(self.name)}"'
        body = f'{head},{entity_id}{self.options},"val_tpl":"{self.template}"'
        return f'{self.condition}\t,"$P_{self.key}":{{{body}}}'


def lines() -> list[str]:
    """Every line of the template."""
    components = [entity.line for entity in (*state_entities(), *controls(), *own_topics(), *device_topics())]
    components[0] = components[0].replace("\t,", "\t")
    return [*_head(), *components, 'missing_cell\t,"$P_cell_$C":{"p":"sensor"}', "always\t}}"]


def _head() -> Iterator[str]:
    device = '"ids": "evencell-$I%s", "name": "$D", "sw": "$V", '
    first = device % "" + '"mf": "evencell", "mdl": "evencell", "mdl_id": "$B", "sn": "$I"'
    further = device % "-$P" + '"via_device": "evencell-$I", "mf": "Jikong", "mdl": "$M"'
    yield 'first_pack\t{"dev":{' + first
    yield 'further_pack\t{"dev":{' + further
    yield 'page\t, "cu": "$U"'
    yield 'always\t},"o":{"name":"evencell","sw":"$V"},'
    balancer = f'{{"t":"$T/$N/link","val_tpl":"{_LINK_AVAILABLE}"}}'
    yield 'always\t"avty_mode":"all","stat_t":"$T/$N/state","avty":['
    yield 'awake\t{"t":"$T/availability"},'
    yield f'always\t{balancer}],"cmps":{{'


def state_entities() -> Iterator[Entity]:
    """What the pack's state brings."""
    for field, kind in FIELDS:
        platform = "binary_sensor" if kind in ("switch", "alarms") else "sensor"
        options, template = _options(field, kind) + _EXPIRY, _value_template(kind)
        condition = f"shown {field}" if field in _SETTABLE else "always"
        if kind == "cells":
            yield Entity("cell", platform, "cell_$C", "Cell $C voltage", options, template % "cells_mv[$c]")
            for word in ("highest", "lowest"):
                name = f"{word.capitalize()} cell voltage"
                yield Entity(condition, platform, f"{word}_mv", name, options, _CELL_OF % f"{word}_cell")
        elif kind == "alarms":
            any_alarm = "{{'ON' if value_json.alarms else 'OFF'}}"
            yield Entity(condition, platform, "problem", "Problem", options, any_alarm)
            for alarm in ALARMS:
                name = "Alarm " + alarm.replace("_", " ")
                yield Entity(condition, platform, f"alarm_{alarm}", name, options, template % alarm)
        elif kind == "temperature":
            name = MEANINGS[field]
            yield Entity("temperature", platform, "temperature", name, options, template % "temperature_c")
        else:
            yield Entity(condition, platform, field, MEANINGS[field], options, template % field)
    yield Entity("always", "binary_sensor", "balancing", "Balancing", _BALANCING_S + _EXPIRY, _BALANCING)


def controls() -> Iterator[Entity]:
    """What changes a setting. Its key is its own: Home Assistant keeps what only shows it until that key goes."""
    for number, (field, setting) in enumerate(SETTINGS):
        options = _ICON % _ICONS[field]
        if setting == "balancing_enabled":
            platform, kind = "switch", "switch"
        else:
            platform, kind = "number", "count"  # in what commands take: no V
            lowest, highest = "abcdefgh"[2 * number : 2 * number + 2]
            options += f',"min":${lowest},"max":${highest},"step":1,"mode":"box"'
            if setting in _SET_UNITS:
                device_class, unit = _SET_UNITS[setting]
                options += f',"dev_cla":"{device_class}","unit_of_meas":"{unit}"'
        options += f'{_CONFIG},"qos":1,"cmd_t":"$T/$N/set/{setting}"$K'
        template = _value_template(kind) % field
        yield Entity(f"set {field}", platform, f"set_{setting}", MEANINGS[field], options, template)


def own_topics() -> Iterator[Entity]:
    """What has a topic of its own below the pack's."""
    links = _ENUM % '","'.join(LINKS) + _DIAGNOSTIC + _ICON % "lan-connect"
    verdicts = _ENUM % '","'.join(sorted(set(VERDICTS))) + _DIAGNOSTIC + _ICON % "stethoscope"
    connectivity = ',"dev_cla":"connectivity"' + _DIAGNOSTIC
    timestamp = ',"dev_cla":"timestamp"' + _DIAGNOSTIC
    events = ',"evt_typ":["alarm","diagnosis","link","policy","power","rule","settings","w"]' + _ICON % "bell"
    policies = _ENUM % 'off","on","waiting' + _ICON % "scale-balance" + ',"json_attr_t":"$T/$N/policy"'
    presets = _ICON % "scale-balance" + _CONFIG + ',"ops":["off","always","top","rest","off-ride","storage"$O]'
    presets += ',"qos":1,"cmd_t":"$T/$N/set/preset"'
    w_levels = _ENUM % 'off","on","released' + _ICON % "power-socket" + ',"json_attr_t":"$T/$N/w"'
    refused = ',"evt_typ":["refused"]' + _DIAGNOSTIC + _ICON % "hand-back-left"
    for condition, platform, key, topic, name, options, template in (
        ("always", "sensor", "link", "link", "Balancer link", links, "{{value}}"),
        ("always", "binary_sensor", "connected", "link", "Balancer connection", connectivity, _CONNECTED),
        ("always", "sensor", "verdict", "verdict", "Line diagnosis", verdicts, "{{value}}"),
        ("always", "sensor", "last_reading", "last_reading", "Last reading", timestamp, "{{value}}"),
        ("policy", "sensor", "policy", "policy", "Balance policy", policies, "{{value_json.state}}"),
        ("preset", "select", "preset", "policy", "Balance preset", presets, "{{value_json.preset}}"),
        ("w", "sensor", "w", "w", "W switch", w_levels, "{{value_json.level}}"),
        ("always", "event", "event", "event", "Event", events, _EVENT),
        ("commands", "event", "refused", "result", "Refused command", refused, _REFUSED),
    ):
        availability = _ALWAYS_AVAILABLE if key == "last_reading" else _DEVICE_AVAILABLE + _expiry_of(platform)
        options += f',"stat_t":"$T/$N/{topic}"' + availability
        yield Entity(condition, platform, key, name, options, template)


def device_topics() -> Iterator[Entity]:
    """The same of the device itself, with topics below its id."""
    signal = ',"dev_cla":"signal_strength","unit_of_meas":"dBm"' + _MEASURED + _DIAGNOSTIC + _DISABLED
    uptime = ',"dev_cla":"duration","unit_of_meas":"s"' + _MEASURED + _DIAGNOSTIC + _DISABLED
    events = ',"evt_typ":["config","network","power","update"]' + _DIAGNOSTIC + _ICON % "bell"
    for platform, key, topic, name, options, template in (
        ("sensor", "rssi", "device", "Wi-Fi signal", signal, "{{value_json.wifi_rssi}}"),
        ("sensor", "uptime", "device", "Uptime", uptime, "{{value_json.uptime_s}}"),
        ("event", "device_event", "event", "Device event", events, _EVENT),
        ("update", "update", "update", "Firmware", ',"dev_cla":"firmware"', "{{value}}"),
    ):
        options += f',"stat_t":"$T/{topic}"' + _DEVICE_AVAILABLE + _expiry_of(platform)
        yield Entity("first_pack", platform, key, name, options, template)
    # Retained, and without availability: it says why the device is not there.
    level = _ICON % "battery-alert" + ',"stat_t":"$T/device"' + _ALWAYS_AVAILABLE
    yield Entity("first_pack", "sensor", "low_pack", "Low pack level", level, "{{value_json.low_pack}}")


def _expiry_of(platform: str) -> str:
    """Of what has no state of a pack. Home Assistant lets nothing but sensors expire."""
    return _EXPIRY_ASLEEP if platform in ("sensor", "binary_sensor") else ""


def _slug(name: str) -> str:
    """The same of a name that may hold the number of a cell, `$C`."""
    return entity_slug(name.replace("$C", "0cell0")).replace("0cell0", "$C")


def _options(field: str, kind: str) -> str:
    """What a field is. A setting is diagnostic: Home Assistant has "config" only for what it may set itself."""
    is_setting = field in _SETTABLE
    options = _ICON % _ICONS[field] if field in _ICONS else ""
    quantity = _QUANTITIES.get(field) or _QUANTITIES.get(kind)
    if quantity:
        device_class, unit, decimals = quantity
        options += f',"dev_cla":"{device_class}","unit_of_meas":"{unit}","sug_dsp_prc":{decimals}'
        if not is_setting:
            options += _MEASURED
    elif kind == "cell":
        options += _MEASURED
    elif kind == "balance_state":
        options += _ENUM % '","'.join(BALANCE_STATES) + _DIAGNOSTIC + _DISABLED
    elif kind == "alarms":
        options += _PROBLEM
    elif kind == "raw":
        options += _DISABLED
    return options + _DIAGNOSTIC if is_setting or kind in ("count", "raw") else options


def _value_template(kind: str) -> str:
    """What makes a state of a value in base units of the field (or the alarm)."""
    if kind in ("voltage", "cells", "current"):
        return "{%%set v=value_json.%s%%}{{v/1000 if v is number else none}}"
    if kind == "switch":
        return "{{'ON' if value_json.%s else 'OFF'}}"
    if kind == "alarms":
        return "{{'ON' if '%s' in value_json.alarms else 'OFF'}}"
    return "{{value_json.%s}}"


def text() -> str:
    """The whole file."""
    return "\n".join(lines()) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), "utf-8")
