"""Holds an announcement against Home Assistant's own schemas: `python home_assistant_schemas.py < message.json`.

Arguments are blueprints: each becomes an automation, and is held against the schema of those. Run by hand, with a
Python that has `homeassistant` installed (2024.11 or newer); what came of it is recorded in
docs/home-assistant/schemas.md. The message: `mosquitto_sub -C 1 -t 'homeassistant/device/+/config'`.
"""

import asyncio
import hashlib
import sys
import tempfile

from homeassistant.components.automation.config import PLATFORM_SCHEMA as AUTOMATION_SCHEMA
from homeassistant.components.blueprint.schemas import BLUEPRINT_SCHEMA
from homeassistant.components.mqtt import binary_sensor, discovery, number, sensor, switch
from homeassistant.components.number.const import DEVICE_CLASS_UNITS as NUMBER_UNITS
from homeassistant.components.sensor.const import DEVICE_CLASS_STATE_CLASSES, DEVICE_CLASS_UNITS
from homeassistant.const import __version__
from homeassistant.core import HomeAssistant
from homeassistant.util import yaml

PLATFORMS = {"sensor": sensor, "binary_sensor": binary_sensor, "number": number, "switch": switch}


async def main():
    _house = HomeAssistant(tempfile.gettempdir())  # templates look for one that runs
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
    for path in sys.argv[1:]:
        check_blueprint(path)
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


def check_blueprint(path: str):
    """With its defaults, and an entity for what has none."""
    content = yaml.load_yaml_dict(path)
    about = BLUEPRINT_SCHEMA(content)["blueprint"]
    chosen = {name: about["input"][name].get("default", "sensor.chosen") for name in about["input"]}
    rest = {key: part for key, part in content.items() if key != "blueprint"}
    AUTOMATION_SCHEMA({"alias": about["name"]} | yaml.substitute(rest, chosen))
    print(f"Home Assistant {__version__}: {path}")


if __name__ == "__main__":
    asyncio.run(main())
