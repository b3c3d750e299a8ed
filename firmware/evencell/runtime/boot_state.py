"""State of the boot on the flash, which boot.py reads and counts: safe mode, fallback, proven starts."""

import os
import sys
import time

from evencell.compat import ticks_diff, ticks_ms
from evencell.runtime.lazy import call
from evencell.storage.files import remove, replace
from evencell.storage.paths import exists, is_folder

OLDEST_MICROPYTHON = (1, 24, 0)
_EARLY_ENDS = 3
_HOLD_MS = 4_000
_POLL_S = 0.05


def begin(board, faults) -> tuple[str | None, list[str]]:
    """Begin a start: returns why safe mode is on, or None, and notes for the log; a held button resets the settings."""
    notes = []
    is_pressed = board.button()
    if is_pressed and button_held(is_pressed):
        notes.append(set_config_aside(board.config_path))
        remove(board.storage + "/learned.json")  # a choice in the menu is a setting too
    fallen_back = why_fallen_back(board.storage)
    if fallen_back:
        notes.append("this is the firmware before the last deploy: " + fallen_back)
    if board.reset_cause() == "watchdog":
        notes.append("the watchdog ended the start before this one")
    old = why_too_old(sys.implementation.version)
    if old:
        notes.append(old)
    for name in ("boots", "slot"):
        if is_folder("%s/%s" % (board.storage, name)):
            call("evencell.storage.state_file", "set_aside", faults, "%s/%s" % (board.storage, name), "it is a folder")
    safe = why_safe(board.storage)
    if safe:
        notes.append("safe mode: " + safe)
    return safe, notes


def why_safe(folder: str) -> str | None:
    """Why only what an owner needs for help is started, or None: `boots` counts this start, too.

    boot.py counts to 4, and no further, and writes the number twice; a file with anything else is damaged.
    """
    count = str(_EARLY_ENDS + 1)
    words = _read(folder + "/boots").split()
    if words[:1] != [count] or words[1:2] not in ([], [count], ["a"], ["b"]):  # earlier versions wrote it once
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


def proven(board, faults=None) -> bool:
    """Mark this start as proven: delete the boot count, keep slot or image. False where the flash can't be written."""
    folder = board.storage
    slot = _read(folder + "/slot").split()
    firmware = board.firmware()
    if firmware:
        firmware.confirm()
    try:
        if slot[1:] == ["new"]:
            replace(folder + "/slot", slot[0])
        if exists(folder + "/boots"):
            os.remove(folder + "/boots")
    except OSError as error:
        if faults:
            faults.failed("boots", error)
        return False
    if faults:
        faults.worked("boots")
    return True


def restart_by_owner(context):
    """Write what is only in memory, and restart: no start that ended early. An update stays to be confirmed."""
    if context.update:
        remove(context.board.storage + "/boots")
    else:
        proven(context.board, context.storage_faults)
    context.finish()
    context.board.restart()


def button_held(is_pressed) -> bool:
    """Whether the button is pressed now and for 4 s; the answer comes as soon as it is released."""
    started = ticks_ms()
    while is_pressed():
        if ticks_diff(ticks_ms(), started) >= _HOLD_MS:
            return True
        time.sleep(_POLL_S)
    return False


def set_config_aside(path: str) -> str:
    """Rename the configuration to `config.reset`, so that every key has its default; returns a sentence for the log."""
    aside = path.rsplit(".", 1)[0] + ".reset"
    try:
        for file in (path + ".new", path + ".old", path):  # the last one that is there stays
            if exists(file):
                os.rename(file, aside)
    except OSError as error:
        why = call("evencell.storage.errors", "reason", error)
        return "the button was held, but the configuration can't be set aside: %s" % why
    return "the button was held: every key has its default; the configuration before is in %s" % aside


def _read(path: str) -> str:
    """The beginning of a small file, or nothing where there is none or it is damaged."""
    try:
        with open(path) as file:
            return file.read(99)
    except (OSError, ValueError):
        return ""
