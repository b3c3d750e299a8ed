"""The firmware on this computer: real MicroPython, the built tree, and what the command line wants."""

import json
import os
import platform
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from boards.host import SETTINGS_VARIABLE
from evencell.config.hosts import is_host, is_port
from tools.build.common import BUILD, BuildError, tool
from tools.build.select import DISPLAY_SIZES
from tools.build.tree import build

DEFAULT_DATA = BUILD / "data"


def micropython() -> str:
    """The MicroPython to use: `MICROPYTHON` names another than the installed one. Raises BuildError."""
    named = os.environ.get("MICROPYTHON") or str(tool("micropython"))
    found = shutil.which(named)
    if found is None:
        raise BuildError(
            f"There is no MicroPython here ({named}): its package has none for {platform.machine()}. "
            "Build MicroPython's unix port and name it: MICROPYTHON=/path/to/micropython"
        )
    return found


def command(heap: str | None = None) -> list[str]:
    """How to start the firmware, built anew where something changed; where a heap is to do, compiled as for a chip."""
    tree = build("host", small=heap is not None)
    options = ["-X", f"heapsize={heap}"] if heap else []
    return [micropython(), *options, str(tree / "main.py")]


def environment(
    port: str,
    data: Path,
    config: Path | None = None,
    overrides: dict | None = None,
    more_ports: Iterable[str] = (),
    display: dict | None = None,
    simulated: bool = False,
    radio: dict | None = None,
    reset_cause: str = "power",
) -> dict[str, str]:
    """Environment for the firmware: a serial port, the folder of its flash, a configuration, what wins over it.

    `port` is UART 0, `more_ports` are UART 1 and on. `display`: another than the usual picture.
    `simulated`: the page says that the pack is. `radio`: settings of a simulated radio (boards/host.py). `reset_cause`:
    reset where the firmware has restarted itself.
    """
    data.mkdir(parents=True, exist_ok=True)
    settings = {
        "ports": [port, *more_ports],
        "data": str(data),
        "config": str(config) if config else None,
        "overrides": overrides or {},
        "display": display,
        "simulated": simulated,
        "reset_cause": reset_cause,
        **(radio or {}),
    }
    return {**os.environ, "MICROPYPATH": ".frozen", SETTINGS_VARIABLE: json.dumps(settings, ensure_ascii=False)}


def overrides(http: str | None, mqtt: str | None, profile: str | None) -> dict:
    """The parts of a configuration that the command line gives; raises ValueError with a sentence."""
    wanted = {}
    if http:
        host, port = host_and_port(http, "--http")
        wanted["http"] = {"enabled": True, "host": host, "port": port}
    if mqtt:
        host, port = host_and_port(mqtt, "--mqtt")
        wanted["mqtt"] = {"enabled": True, "host": host, "port": port}
    if profile:
        wanted["profile"] = profile
    return wanted


def picture(size: str) -> dict:
    """The display of this computer, from `WIDTHxHEIGHT`; raises ValueError with a sentence."""
    numbers = re.fullmatch("([0-9]{1,3})x([0-9]{1,3})", size)
    width, height = map(int, numbers.groups()) if numbers else (0, 0)
    if (width, height) not in DISPLAY_SIZES:
        sizes = ", ".join(f"{width}x{height}" for width, height in DISPLAY_SIZES)
        raise ValueError(f"--display: {size!r} is not WIDTHxHEIGHT of a display that there is a layout for: {sizes}")
    return {"driver": "picture", "width": width, "height": height}


def host_and_port(text: str, option: str) -> tuple[str, int]:
    """`HOST:PORT` apart; raises ValueError with a sentence."""
    host, _, port = text.strip().rpartition(":")
    if host.startswith("[") and host.endswith("]"):  # IPv6
        host = host[1:-1]
    if not is_host(host) or not is_port(port):
        raise ValueError(f"{option}: this is not HOST:PORT, such as 127.0.0.1:8080, without scheme, user and password")
    return host, int(port)
