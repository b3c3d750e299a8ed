"""Where a device runs, and where its next version goes. Lazy."""

import sys

_SLOTS = ("a", "b")


def place(board) -> tuple:
    """The kind of image that this device takes, where it runs, and where the next one goes; None each for none."""
    if sys.path[0] in _SLOTS:
        return "files", sys.path[0], _SLOTS[1 - _SLOTS.index(sys.path[0])]
    firmware = board.firmware()
    if firmware and firmware.other:
        return "firmware", firmware.running, firmware.other
    return None, None, None
