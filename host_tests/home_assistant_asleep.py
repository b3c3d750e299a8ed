"""Runs Home Assistant against a device that sleeps: the third part of the optional Home Assistant job.

    python -m host_tests.home_assistant_asleep PYTHON…

Each PYTHON has `homeassistant` and `paho-mqtt` installed (2025.4 or newer). The firmware reads each quarter of an hour
and reports each six hours to mosquitto; Home Assistant's core with its MQTT integration, and the automation of the
blueprint pack_overdue.yaml with `days: 1`. Their clocks jump together: Home Assistant's is that of `faketime`. In two
days no value may go unavailable and no pack be overdue; then the device stays silent, and both must come. What came of
it is recorded in docs/home-assistant/schemas.md.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BLUEPRINT = Path(__file__).parents[1] / "docs/home-assistant/blueprints/pack_overdue.yaml"
_REPORTS = 8
_REPORT_S = 21_600
_WITHIN_S = 60
_LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
_GONE = ("unavailable", "unknown")


def main(pythons: list[str]):
    """One device and one Home Assistant after the other."""
    from host_tests.end_to_end.asleep import asleep

    for python in pythons:
        folder = Path(tempfile.mkdtemp())
        with asleep(folder) as device:
            device.sleeper.now_s = device.sleeper.clock_s = time.time()
            device.begin()
            with House(python, device.broker.port, folder) as house:
                live(device, house)


def live(device, house: "House"):
    """Two days with reports, and two without."""
    house.jump_to(device.sleeper.now_s)
    seen = house.wait_until(lambda found: found["entities"] > 20 and not found["gone"])
    print(f"Home Assistant {seen['version']}: {seen['entities']} entities, each with a value")
    for report in range(2, _REPORTS + 2):
        while device.reports() < report:
            device.wake()
            house.jump_to(device.sleeper.now_s)
            found = house.look()
            assert not found["gone"] and not found["notifications"], found
        read_s = device.sleeper.woken_s
        house.wait_until(lambda found, read_s=read_s: abs(found["read_s"] - read_s) < 60)
    print(f"{_REPORTS} reports: nothing went unavailable, no pack was overdue")
    silent_since_s, expired_h = device.sleeper.now_s, None
    for quarter in range(1, 4 * 49):
        house.jump_to(silent_since_s + 900 * quarter)
        found = house.look()
        if found["gone"] and expired_h is None:
            expired_h = quarter / 4
            print(f"silent: {len(found['gone'])} of {found['entities']} values unavailable after {expired_h} h")
        if found["notifications"]:
            print(f"silent: overdue after {quarter / 4} h: {found['notifications']}")
            assert expired_h and 12 <= expired_h <= 14 and 24 <= quarter / 4 <= 48
            return
    sys.exit("the pack is never overdue")


class House:
    """A Home Assistant, and its clock."""

    def __init__(self, python: str, port: int, folder: Path):
        self._clock = folder / "faketime"
        self._command = [python, __file__, "--inside", str(port), str(folder / "home")]

    def __enter__(self) -> "House":
        self.jump_to(time.time())
        wanted = {"LD_PRELOAD": _LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(self._clock), "FAKETIME_NO_CACHE": "1"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(self._command, env={**os.environ, **wanted}, text=True, **pipes)
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()

    def jump_to(self, unix_s: float):
        """From now on its clocks go on from there."""
        new = self._clock.with_suffix(".new")
        new.write_text(f"{unix_s - time.time():+.3f}")
        new.replace(self._clock)

    def look(self) -> dict:
        """What it shows now."""
        self._process.stdin.write("look\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        sys.exit("Home Assistant has ended")

    def wait_until(self, is_so) -> dict:
        """Ask until this holds."""
        end_s = time.monotonic() + _WITHIN_S
        while not is_so(found := self.look()):
            assert time.monotonic() < end_s, found
            time.sleep(0.2)
        return found


async def run(port: int, folder: str):
    """Home Assistant with MQTT and the automation, inside an interpreter that has it."""
    from home_assistant_core import started
    from homeassistant.setup import async_setup_component

    blueprints = Path(folder, "blueprints/automation")
    blueprints.mkdir(parents=True)
    shutil.copy(BLUEPRINT, blueprints)
    home = await started(folder, port, "persistent_notification")
    entity = None
    reader = asyncio.StreamReader()
    await home.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        await asyncio.sleep(0.05)  # timers that are due, and messages that have come
        await home.async_block_till_done()
        if entity is None:
            entity = next((name for name in home.states.async_entity_ids() if name.endswith("last_reading")), None)
            if entity:
                inputs = {"path": BLUEPRINT.name, "input": {"last_reading": entity, "days": 1}}
                config = {"automation": [{"alias": "overdue", "use_blueprint": inputs}]}
                assert await async_setup_component(home, "automation", config)
        print(json.dumps(seen_in(home, entity)), flush=True)


def seen_in(home, entity: str | None) -> dict:
    """What the other side judges."""
    from homeassistant.components import persistent_notification
    from homeassistant.const import __version__
    from homeassistant.util import dt

    states = [state for state in home.states.async_all() if state.domain not in ("automation", "event", "update")]
    read = home.states.get(entity).state if entity else None
    notifications = persistent_notification._async_get_or_create_notifications(home)
    return {
        "version": __version__,
        "entities": len(states),
        "gone": sorted(state.entity_id for state in states if state.state in _GONE),
        "read_s": dt.parse_datetime(read).timestamp() if read and read not in _GONE else 0,
        "notifications": [each["message"] for each in notifications.values()],
        "time": dt.utcnow().isoformat(),
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        asyncio.run(run(int(sys.argv[2]), sys.argv[3]))
    else:
        main(sys.argv[1:])
