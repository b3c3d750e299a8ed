"""Presses the button of a device that runs: on a computer a file, which holds how long (boards/host.py)."""

from host_tests.end_to_end.chain import Firmware
from host_tests.end_to_end.process import until

# However busy the computer is: the device counts 3/5 to 5/3 of each (host_tests/test_boards.py), and its limits are 700
# and 3,000 ms (display/button.py).
SHORT_MS, LONG_MS, HELD_MS = 200, 1_500, 5_200


def press(firmware: Firmware, *presses_ms: int, button: str = "button"):
    """One press after the other; returns when the last one is over."""
    key = firmware.data / button
    for press_ms in presses_ms:
        key.write_text(str(press_ms))
        until(lambda: not key.read_text(), "the end of the press")
