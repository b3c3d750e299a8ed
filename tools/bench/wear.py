"""What the journal does to the flash on a day without a connection: real littlefs on MicroPython, erasures counted."""

import json
import os
import subprocess
from pathlib import Path

from tools.device import micropython
from tools.making import ROOT

_SCRIPT = Path(__file__).with_name("wear_script.py")
_BLOCK_BYTES = 4096
_FLASH_BYTES = 2 << 20
_CYCLES = 100_000
_RECORD_BYTES, _BATCH = 36, 28  # of four cells: firmware/evencell/forward/journal.py
_PUBLISH_S, _MAX_KIB = 10, 256  # the configuration's defaults
_DAY_S = 86_400


def measure() -> dict:
    """`journal.bytes_per_day` in the profiles that send (`_busy`: a reading each second), and the years of 2 MB."""
    figures = {}
    for name, seconds in (("", _PUBLISH_S), ("_busy", 1)):
        day_bytes = _BLOCK_BYTES * erased(_DAY_S // seconds)
        years = _FLASH_BYTES * _CYCLES / day_bytes / 365
        figures[f"journal.bytes_per_day{name}"] = {"value": day_bytes, "unit": "B"}
        figures[f"journal.years{name}"] = {"value": round(years), "unit": "years"}
    return figures


def erased(records: int) -> int:
    """Blocks erased by so many records."""
    sizes = [_RECORD_BYTES, _BATCH, records, _MAX_KIB]
    command = [micropython(), str(_SCRIPT), *map(str, sizes)]
    environment = {**os.environ, "MICROPYPATH": f"{ROOT}/firmware:.frozen"}
    return int(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
