"""Checks announcements against Home Assistant's own schemas: the optional Home Assistant job.

    python -m host_tests.home_assistant_schemas PYTHON…

Each PYTHON has `homeassistant` and `paho-mqtt` installed (2025.4 or newer). In each, this file runs as a script: it
reads the messages from standard input, one a line, and checks them, the blueprints and the card. What came of it is
recorded in docs/home-assistant/schemas.md.
"""

import asyncio
import hashlib
import inspect
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs/home-assistant"


def messages() -> list[bytes]:
    """The messages that are checked, in the order of schemas.md."""
    from host_tests.forward.mqtt.test_discovery import allow, context_of, sent

    widened = {"trigger_mv": 1, "max_balance_ma": 100}
    page = {"enabled": True, "host": "192.168.1.20", "port": 80}
    two = context_of("front", "rear")
    return [
        sent(context_of("pack1"), (4, True)),
        sent(context_of("pack1"), (24, True)),
        sent(context_of("pack1", http=page), (0, False)),
        sent(two, (4, True), (4, True), place=1),
        sent(allow(context_of("pack1"), model="jk_b2a4s", **widened), (4, True)),
        sent(allow(context_of("pack1")), (24, True)),
        sent(allow(two, 1), (4, True), (24, True), place=1),
    ]


def main(pythons: list[str]):
    """Run the checks in each of these interpreters."""
    lines = b"\n".join(messages()) + b"\n"
    paths = [*sorted((DOCS / "blueprints").glob("*.yaml")), DOCS / "card.yaml"]
    for python in pythons:
        subprocess.run(
            [python, __file__, "--inside", *map(str, paths)], input=lines, check=True, cwd=tempfile.gettempdir()
        )


async def check(paths: list[str]):
    """Everything, inside an interpreter that has Home Assistant."""
    from homeassistant.const import __version__
    from homeassistant.core import HomeAssistant

    _house = HomeAssistant(tempfile.gettempdir())  # templates look for one that runs
    for line in sys.stdin.read().splitlines():
        present, removed = check_message(line)
        digest = hashlib.sha256(line.encode()).hexdigest()
        print(f"Home Assistant {__version__}: {len(line)} bytes, {present} entities, {removed} removals, {digest}")
    for path in paths:
        if not path.endswith("card.yaml"):
            check_blueprint(path)
            print(f"Home Assistant {__version__}: {Path(path).name}")


def check_message(line: str) -> tuple[int, int]:
    """How many entities there are, and how many are taken back."""
    from homeassistant.components.mqtt import binary_sensor, discovery, event, number, sensor, switch, update
    from homeassistant.components.mqtt.schemas import MQTT_ENTITY_DEVICE_INFO_SCHEMA
    from homeassistant.components.number.const import DEVICE_CLASS_UNITS as NUMBER_UNITS

    platforms = {"sensor": sensor, "binary_sensor": binary_sensor, "number": number, "switch": switch, "event": event}
    platforms["update"] = update
    given = [None, line, "topic", "aa61002f3d49", None]
    message = discovery._parse_device_payload(
        *given[: len(inspect.signature(discovery._parse_device_payload).parameters)]
    )
    if not message:
        sys.exit("Home Assistant refuses the message as a whole")
    device = MQTT_ENTITY_DEVICE_INFO_SCHEMA(dict(message["device"]))
    assert set(device) >= set(message["device"]), set(message["device"]) - set(device)
    present, unknown = 0, set()
    for key, component in message["components"].items():
        component = dict(component)
        platform = component.pop("platform")
        if component:
            present += 1
            component |= {"device": message["device"], "origin": message["origin"]}
            discovery._merge_common_device_options(component, message)
            taken = platforms[platform].DISCOVERY_SCHEMA(component)
            unknown |= set(component) - set(taken)
            assert taken["state_topic"] and taken["unique_id"], key
            assert len(taken["availability"]) == (0 if key.endswith("last_reading") else len(component["availability"]))
            if platform == "sensor" and taken.get("device_class"):
                check_sensor(key, taken)
            if platform == "number" and taken.get("device_class"):
                assert taken["unit_of_measurement"] in NUMBER_UNITS[taken["device_class"]], key
    # 2025.4 knows no default_entity_id yet: its entity ids come from the same names, and never from an area.
    assert unknown <= {"def_ent_id"}, unknown
    return present, len(message["components"]) - present


def check_sensor(key: str, component: dict):
    """What Home Assistant only warns of once there is a value."""
    from homeassistant.components.sensor.const import DEVICE_CLASS_STATE_CLASSES, DEVICE_CLASS_UNITS

    kind = component["device_class"]
    unit, state_class = component.get("unit_of_measurement"), component.get("state_class")
    assert unit in DEVICE_CLASS_UNITS.get(kind, {None}), f"{key}: unit {unit}"
    assert state_class is None or state_class in DEVICE_CLASS_STATE_CLASSES[kind], f"{key}: {state_class}"


def check_blueprint(path: str):
    """With its defaults, and an entity for what has none."""
    from homeassistant.components.automation.config import PLATFORM_SCHEMA as AUTOMATION_SCHEMA
    from homeassistant.components.blueprint.schemas import BLUEPRINT_SCHEMA
    from homeassistant.util import yaml

    content = yaml.load_yaml_dict(path)
    about = BLUEPRINT_SCHEMA(content)["blueprint"]
    chosen = {name: about["input"][name].get("default", "sensor.chosen") for name in about["input"]}
    rest = {key: part for key, part in content.items() if key != "blueprint"}
    AUTOMATION_SCHEMA({"alias": about["name"]} | yaml.substitute(rest, chosen))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        asyncio.run(check(sys.argv[2:]))
    else:
        main(sys.argv[1:])
