"""What a day does to the flash: real littlefs on MicroPython, erasures counted. Of a pack of four cells."""

import json
import os
import subprocess
from pathlib import Path

from tools.build.common import ROOT
from tools.dev.device import micropython

_SCRIPT = Path(__file__).with_name("wear_script.py")
_BLOCK_BYTES = 4096
_FLASH_BYTES = 2 << 20
_CYCLES = 100_000
_CELLS = 4
_PUBLISH_S = 10  # the configuration's default
_MOST_EXTREMES = 288  # display/extremes.py: every five minutes at most


def measure() -> dict:
    """Bytes erased a day, and the years of 2 MB: by the journal without a connection, and by each profile at its worst.

    `journal` is that of the profiles that send (`_busy`: a reading each second). `flash` adds the history in `full`;
    `display` keeps the extremes of its cells alone.
    """
    journal, history = erased("journal", _PUBLISH_S), erased("history", _CELLS)
    return {
        **_figures("journal", "", journal),
        **_figures("journal", "_busy", erased("journal", 1)),
        **_figures("flash", "_full", journal + history),
        **_figures("flash", "_telemetry", journal),
        **_figures("flash", "_display", erased("extremes", _MOST_EXTREMES)),
    }


def erased(what: str, number: int) -> int:
    """Blocks erased in a day, once a day was there before."""
    environment = {**os.environ, "MICROPYPATH": f"{ROOT}/firmware:.frozen"}
    command = [micropython(), str(_SCRIPT), what, str(number)]
    return int(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def _figures(what: str, name: str, blocks: int) -> dict:
    day_bytes = _BLOCK_BYTES * blocks
    years = _FLASH_BYTES * _CYCLES / day_bytes / 365
    return {
        f"{what}.bytes_per_day{name}": {"value": day_bytes, "unit": "B"},
        f"{what}.years{name}": {"value": round(years), "unit": "years"},
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
