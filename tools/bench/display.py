"""How long the display drivers hold the others up: the real drivers on MicroPython, in front of a bus that counts."""

import json
import os
import subprocess
from pathlib import Path

from boards.displays import DRIVERS
from tools.build.tree import build
from tools.dev.device import micropython

_SCRIPT = Path(__file__).with_name("display_script.py")
_I2C_HZ = 400_000


def measure() -> dict:
    """Of each driver, with its largest usual glass: `stall_ms`, the longest piece; `frame_ms`, a whole picture; and
    `frame_ratio`, that against a plain write of as many bytes.

    The bus's time is computed, at 400 kHz for I2C and the data sheet's limit for SPI; the rest is this computer's,
    which is faster than an ESP32.
    """
    figures = {}
    for driver, (sizes, spi_hz) in DRIVERS.items():
        if driver == "picture":
            continue
        width, height = max(sizes)
        on_i2c = max(sizes) == (128, 64)
        byte_us = 9e6 / _I2C_HZ if on_i2c else 8e6 / spi_hz
        for name, value in run(driver, width, height, byte_us).items():
            figures[f"display.{driver}.{name}"] = {"value": value, "unit": name.rpartition("_")[2]}
    return figures


def run(driver: str, width: int, height: int, byte_us: float) -> dict:
    """What the script prints."""
    environment = {**os.environ, "MICROPYPATH": f"{build('host')}:.frozen"}
    command = [micropython(), str(_SCRIPT), driver, str(width), str(height), str(byte_us)]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
