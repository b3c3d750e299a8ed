"""The start of the device and what it leaves on the flash (boot.py reads and counts): in memory only for that."""

import os
import sys
import time

from evencell.compat import ticks_diff, ticks_ms
from evencell.system.files import exists, replace

OLDEST_MICROPYTHON = (1, 24, 0)
_EARLY_ENDS = 3
_HELD_MS = 4_000
_LOOK_EVERY_S = 0.05


def begin(board) -> tuple[str | None, list[str]]:
    """Why safe mode is on, or None, and a sentence for all that is special about this start; obeys the button."""
    notes = []
    is_pressed = board.button()
    if is_pressed and button_held(is_pressed):
        notes.append(set_config_aside(board.config_path))
        if exists(board.storage + "/learned.json"):
            os.remove(board.storage + "/learned.json")  # a choice in the menu is a setting too
    fallen_back = why_fallen_back(board.storage)
    if fallen_back:
        notes.append("this is the firmware before the last deploy: " + fallen_back)
    if board.reset_cause() == "watchdog":
        notes.append("the watchdog ended the start before this one")
    old = why_too_old(sys.implementation.version)
    if old:
        notes.append(old)
    safe = why_safe(board.storage)
    if safe:
        notes.append("safe mode: " + safe)
    return safe, notes


def why_safe(folder: str) -> str | None:
    """Why only what an owner needs for help is started, or None: `boots` counts this start, too."""
    count = _read(folder + "/boots").split(" ")[0]
    if not count.isdigit() or int(count) <= _EARLY_ENDS:
        return None
    return (
        "the last %d starts each ended within 5 minutes. The balancer is not asked, nothing is forwarded or displayed. "
        "Switch the device off and on once, or deploy a repaired firmware." % _EARLY_ENDS
    )


def why_fallen_back(folder: str) -> str | None:
    """Why the other slot was left, or None where it wasn't."""
    return _read(folder + "/slot").partition(" fell-back: ")[2].strip() or None


def why_too_old(version: tuple) -> str | None:
    """What to do about a MicroPython of this version, (major, minor, micro, …), or None where it is new enough."""
    if version[:3] >= OLDEST_MICROPYTHON:
        return None
    return "MicroPython %d.%d.%d is too old: evencell needs %d.%d.%d or newer, which comes with: make flash" % (
        version[:3] + OLDEST_MICROPYTHON
    )


def proven(board):
    """This start lasted: it counts no longer, a newly deployed slot is not new any more, and an image stays."""
    folder = board.storage
    slot = _read(folder + "/slot").split()
    if slot[1:] == ["new"]:
        replace(folder + "/slot", slot[0])
    if exists(folder + "/boots"):
        os.remove(folder + "/boots")
    if board.confirm_firmware:
        board.confirm_firmware()


def button_held(is_pressed) -> bool:
    """Whether the button is pressed now and for 4 s; the answer comes as soon as it is released."""
    started = ticks_ms()
    while is_pressed():
        if ticks_diff(ticks_ms(), started) >= _HELD_MS:
            return True
        time.sleep(_LOOK_EVERY_S)
    return False


def set_config_aside(path: str) -> str:
    """Rename the configuration to `config.reset`, so that every key has its default; a sentence says what became."""
    aside = path.rsplit(".", 1)[0] + ".reset"
    for file in (path + ".new", path + ".old", path):  # the last one that is there stays
        if exists(file):
            os.rename(file, aside)
    return "the button was held: every key has its default; the configuration before is in %s" % aside


def _read(path: str) -> str:
    """The beginning of a small file, or nothing where there is none or it is damaged."""
    try:
        with open(path) as file:
            return file.read(99)
    except (OSError, ValueError):
        return ""
