"""Checks announcements against Home Assistant's own schemas: the optional Home Assistant job.

    python -m host_tests.home_assistant_schemas PYTHON…

Each PYTHON has `homeassistant` and `paho-mqtt` installed (2025.4 or newer). In each, this file runs as a script: it
reads the messages from standard input, one a line, and checks them, the blueprints and the card. What came of it is
recorded in docs/home-assistant/schemas.md.
"""

import asyncio
import datetime
import hashlib
import inspect
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs/home-assistant"


def messages() -> list[bytes]:
    """The messages that are checked, in the order of schemas.md."""
    from host_tests.forward.mqtt.test_discovery import allow, context_of, sent, with_policy, with_w

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
        sent(allow(context_of("pack1")), (4, True), valid_s=46_920),
        sent(with_policy(context_of("pack1")), (4, True)),
        sent(with_policy(allow(context_of("pack1"), model="jk_b2a4s"), "custom", "w", [{}]), (4, True)),
        sent(with_w(context_of("pack1")), (4, True)),
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

    house = HomeAssistant(tempfile.gettempdir())  # templates look for one that runs
    for line in sys.stdin.read().splitlines():
        present, removed = check_message(line)
        digest = hashlib.sha256(line.encode()).hexdigest()
        print(f"Home Assistant {__version__}: {len(line)} bytes, {present} entities, {removed} removals, {digest}")
    for path in paths:
        if not path.endswith("card.yaml"):
            check_blueprint(path)
            if path.endswith("pack_overdue.yaml"):
                check_overdue(house, path)
            print(f"Home Assistant {__version__}: {Path(path).name}")


def check_message(line: str) -> tuple[int, int]:
    """How many entities there are, and how many are taken back."""
    from homeassistant.components.mqtt import binary_sensor, discovery, event, number, select, sensor, switch, update
    from homeassistant.components.mqtt.schemas import MQTT_ENTITY_DEVICE_INFO_SCHEMA
    from homeassistant.components.number.const import DEVICE_CLASS_UNITS as NUMBER_UNITS

    platforms = {"sensor": sensor, "binary_sensor": binary_sensor, "number": number, "switch": switch, "event": event}
    platforms |= {"select": select, "update": update}
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
            if taken.get("command_template"):
                check_command(taken["command_template"])
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


def check_command(template):
    """What is sent to a device that sleeps: the value, when it ends, and an id of its own."""
    from homeassistant.components.mqtt.models import MqttCommandTemplate

    for value in (25, "ON"):
        first, second = (json.loads(MqttCommandTemplate(template).async_render(value)) for _ in range(2))
        assert first["value"] == value and 46_900 < first["expires"] - time.time() < 46_930, first
        assert first["id"] != second["id"] and len(first["id"]) <= 40, first


def check_overdue(house, path: str):
    """A device that reports every six hours is never overdue, and one that is silent for a week is."""
    from homeassistant.helpers.template import Template
    from homeassistant.util import yaml

    content = yaml.load_yaml_dict(path)
    inputs = {"last_reading": "sensor.chosen", "days": 7}
    for hours, is_overdue in ((0, False), (6, False), (24, False), (7 * 24 - 1, False), (7 * 24 + 1, True)):
        read = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=hours)
        house.states.async_set("sensor.chosen", read.isoformat(), {"friendly_name": "Last reading"})
        variables = dict(inputs)
        for name, template in content["variables"].items():
            if name not in inputs:
                variables[name] = Template(template, house).async_render(variables)
        condition = Template(content["conditions"][0]["value_template"], house)
        assert condition.async_render(variables) is is_overdue, (hours, variables)


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
