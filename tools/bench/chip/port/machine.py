"""What a chip's `machine` says of its last reset, as far as boot.py asks, for MicroPython built with this folder.

EVENCELL_CHIP_RESET holds `power` after the power was switched on, anything else after a restart.
"""

import os

PWRON_RESET = 1
SOFT_RESET = 5
DEEPSLEEP_RESET = 4


def reset_cause():
    """One of the constants."""
    return PWRON_RESET if os.getenv("EVENCELL_CHIP_RESET") == "power" else SOFT_RESET
