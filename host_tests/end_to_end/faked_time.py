"""Clocks of processes that are ahead of the computer's, or behind: libfaketime."""

import subprocess
from pathlib import Path

from host_tests.needs import need_faketime


def shifted(seconds: int) -> dict[str, str]:
    """Variables of a process whose clocks differ by so much."""
    return {"LD_PRELOAD": _library(), "FAKETIME": f"{seconds:+d}"}


def followed(file: Path) -> dict[str, str]:
    """The same by the seconds that the file holds, such as +3600: at any time others."""
    return {"LD_PRELOAD": _library(), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1"}


def _library() -> str:
    need_faketime()
    command = ["faketime", "-f", "+0", "printenv", "LD_PRELOAD"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
