"""Holds an announcement against Home Assistant's own schemas: `python home_assistant_schemas.py < message.json`.

Run by hand, with a Python that has `homeassistant` installed (2024.11 or newer); what came of it is recorded in
docs/home-assistant/schemas.md. The message: `mosquitto_sub -C 1 -t 'homeassistant/device/+/config'`.
"""

import hashlib
import sys

from homeassistant.components.mqtt import binary_sensor, discovery, number, sensor, switch
from homeassistant.components.number.const import DEVICE_CLASS_UNITS as NUMBER_UNITS
from homeassistant.components.sensor.const import DEVICE_CLASS_STATE_CLASSES, DEVICE_CLASS_UNITS
from homeassistant.const import __version__

PLATFORMS = {"sensor": sensor, "binary_sensor": binary_sensor, "number": number, "switch": switch}


def main():
    text = sys.stdin.read().strip()
    message = discovery._parse_device_payload(None, text, "aa61002f3d49", None)
    if not message:
        sys.exit("Home Assistant refuses the message as a whole")
    present = 0
    for key, component in message["components"].items():
        component = dict(component)
        platform = component.pop("platform")
        if component:
            present += 1
            component |= {"device": message["device"], "origin": message["origin"]}
            discovery._merge_common_device_options(component, message)
            taken = PLATFORMS[platform].DISCOVERY_SCHEMA(component)
            assert set(component) <= set(taken), f"{key}: {set(component) - set(taken)} unknown"
            assert taken["state_topic"] and len(taken["availability"]) in (1, 2) and taken["unique_id"], key
            if platform == "sensor" and taken.get("device_class"):
                check_sensor(key, taken)
            if platform == "number" and taken.get("device_class"):
                assert taken["unit_of_measurement"] in NUMBER_UNITS[taken["device_class"]], key
    digest = hashlib.sha256(text.encode()).hexdigest()
    print(
        f"Home Assistant {__version__}: {present} entities, {len(message['components']) - present} removals, {digest}"
    )


def check_sensor(key: str, component: dict):
    """What Home Assistant only warns of once there is a value."""
    kind = component["device_class"]
    unit, state_class = component.get("unit_of_measurement"), component.get("state_class")
    assert unit in DEVICE_CLASS_UNITS.get(kind, {None}), f"{key}: unit {unit}"
    assert state_class is None or state_class in DEVICE_CLASS_STATE_CLASSES[kind], f"{key}: {state_class}"


if __name__ == "__main__":
    main()
