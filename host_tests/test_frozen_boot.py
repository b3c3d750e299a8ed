"""frozen_boot.py on MicroPython's unix port, with a folder for the flash."""

import os
import subprocess

import pytest

from host_tests.boot_flash import CAUSES, MACHINE
from host_tests.needs import need_micropython
from tools.build.common import FIRMWARE

NETWORK = """
STA_IF = 0

class WLAN:
    def __init__(self, interface):
        self.interface = interface

    def active(self, is_on):
        print("Wi-Fi", self.interface, is_on)
"""


def boot(folder, cause: str | None, plan: str = "network 0\ngc 0\n") -> list[str]:
    """Run it as boot.py; returns what it printed, and the names that are left for main.py."""
    (folder / "stand-ins").mkdir(exist_ok=True)
    (folder / "stand-ins/frozen_files.py").write_text(f"def find(path): return {plan.encode()!r}\n")
    (folder / "stand-ins/network.py").write_text(NETWORK)
    if cause is not None:
        (folder / "stand-ins/machine.py").write_text(MACHINE.format(CAUSES[cause]))
    code = f"exec(open({str(FIRMWARE / 'frozen_boot.py')!r}).read())\nprint(sys.path[0], sorted(globals()))"
    environment = {**os.environ, "MICROPYPATH": f"{folder}:{folder}/stand-ins:.frozen"}
    command = [need_micropython(), "-c", code]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return result.stdout.splitlines()


@pytest.mark.parametrize(
    ("boots", "cause", "count"),
    [
        (None, "power", "1 1"),
        (None, None, "1 1"),  # a port that can't say why: power
        ("3 3", "power", "1 1"),  # switched off within 5 minutes: no crash
        (None, "reset", "1 1"),
        ("1", "reset", "2 2"),  # as earlier versions wrote it
        ("1 1", "reset", "2 2"),
        ("3 1", "reset", "1 1"),  # a flipped bit: no reason for safe mode
        ("3 3", "watchdog", "4 4"),
        ("4 4", "soft", "4 4"),  # more changes nothing
        ("2 2", "wake", "2 2"),  # nothing is written
        ("\x00" * 5000, "reset", "1 1"),
    ],
)
def test_boots_that_end_early_are_counted(tmp_path, boots, cause, count):
    if boots is not None:
        (tmp_path / "boots").write_text(boots)
    assert boot(tmp_path, cause) == [".frozen ['__file__', '__name__', 'name', 'os', 'sys']"]
    assert (tmp_path / "boots").read_text() == count


def test_a_flash_that_cant_be_written_is_said_and_the_start_goes_on(tmp_path):
    (tmp_path / "boots.new").mkdir()
    fault, left = boot(tmp_path, "reset")
    assert fault.startswith("this boot can't be counted:") and left.startswith(".frozen")


@pytest.mark.parametrize(
    ("network", "cause", "claim", "is_started"),
    [
        ("1", "power", None, True),
        ("1", "watchdog", None, True),
        ("1", "wake", None, False),
        ("1", "power", "off", False),
        ("0", "power", None, False),
        ("cable", "power", None, False),
    ],
)
def test_the_radio_takes_its_memory_first(tmp_path, network, cause, claim, is_started):
    if claim:
        (tmp_path / "claim").write_text(claim)
    printed = boot(tmp_path, cause, f"network {network}\ngc 0\nlives page 0\n")
    assert ("Wi-Fi 0 True" in printed) == is_started
    assert (tmp_path / "boots").exists() == (cause != "wake")


@pytest.mark.parametrize(
    ("cause", "boots", "printed"),
    [
        ("wake", "4 4", ["watchdog 120000"]),
        ("watchdog", "3 3", ["sleep 3600000", "watchdog 120000"]),
        ("reset", "1 1", ["watchdog 120000"]),
        ("soft", "3 3", []),
    ],
)
def test_a_device_that_sleeps_is_limited_and_starts_no_radio(tmp_path, cause, boots, printed):
    (tmp_path / "wake.json").write_text("{}")
    (tmp_path / "boots").write_text(boots)
    *found, left = boot(tmp_path, cause, "network 1\n")
    assert found == printed
    assert "limit_wake" not in left


def test_a_radio_that_fails_keeps_nothing_from_starting(tmp_path):
    (tmp_path / "network.py").write_text("raise OSError('no memory')")
    first, left = boot(tmp_path, "power", "network 1\n")[-2:]
    assert first == "the Wi-Fi driver can't be started: no memory" and left.startswith(".frozen")
    assert (tmp_path / "boots").read_text() == "1 1"
