"""Runs Home Assistant against the firmware: the second half of the optional Home Assistant job.

    python -m host_tests.home_assistant_live PYTHON…

Each PYTHON has `homeassistant` and `paho-mqtt` installed (2025.4 or newer). A simulated bus of two packs, the firmware,
mosquitto, and Home Assistant's core with its MQTT integration; a command that has to be refused is sent. Prints the
devices and every entity with its state. What came of it is recorded in docs/home-assistant/schemas.md.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_SUBSCRIBED_S = 12  # until Home Assistant has started and taken what is published 5 s after its birth message
_SHOWN = ("event_type", "error", "min", "max")


def main(pythons: list[str]):
    """One device, and one Home Assistant after the other."""
    from host_tests.end_to_end.listener import Listener
    from host_tests.end_to_end.several import Setup, bus_of, config_of

    front = {"name": "front", "temperature_scale": "0.1", "writable": True}
    config = config_of(front, {"name": "rear", "address": 2}, mqtt={"publish_s": 600, "commands": True})
    with Setup(Path(tempfile.mkdtemp()), config, bus_of("front", "rear")) as device:
        device.wait_online("front", "rear")
        for python in pythons:
            command = [python, __file__, "--inside", str(device.broker.port)]
            with subprocess.Popen(command), Listener(device.broker.port) as listener:
                time.sleep(_SUBSCRIBED_S)
                listener.say(f"evencell/{device.firmware.id}/front/set/trigger_mv", "5000")


async def run(port: int):
    """Home Assistant with the MQTT integration alone, inside an interpreter that has it."""
    from home_assistant_core import started
    from homeassistant.const import __version__
    from homeassistant.helpers import device_registry, entity_registry

    home = await started(tempfile.mkdtemp(), port)
    await asyncio.sleep(_SUBSCRIBED_S + 3)
    print(f"Home Assistant {__version__}")
    entities = sorted(entity_registry.async_get(home).entities.values(), key=lambda entity: entity.entity_id)
    devices = device_registry.async_get(home)
    for ident in {entity.device_id: None for entity in entities}:
        device = devices.async_get(ident)
        print(f"device {device.name}, {device.model}, connected via another: {device.via_device_id is not None}")
    for entity in entities:
        state = home.states.get(entity.entity_id)
        attributes = {key: state.attributes[key] for key in _SHOWN if key in state.attributes} if state else "disabled"
        print(entity.entity_id, state.state if state else None, attributes)
    await home.async_stop(force=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        asyncio.run(run(int(sys.argv[2])))
    else:
        main(sys.argv[1:])
