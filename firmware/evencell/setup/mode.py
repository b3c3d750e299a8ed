"""Decides at the start whether setup mode is wanted, and restarts a running device into it. Lazy."""

import os

from evencell.compat import const, sleep_ms
from evencell.config.load import read_best
from evencell.runtime.lazy import call
from evencell.storage.paths import exists

_ASKED = "setup"  # in the key-value store: the next start is in setup mode
_CLAIM, _CLAIM_AFTERWARDS = "/claim", "/claim.setup"  # boot.py claims what the plan has, not what a smaller set needs
_POLL_MS = const(20)
_OPENED = "setup mode: connect a phone to the device's access point (docs/wifi.md)"


def is_wanted(context) -> bool:
    """Whether this start is in setup mode: the button was held before it, or the device is not configured.

    The second counts after power-on alone, so that setup mode ends with a restart.
    """
    if context.safe_mode:
        return False
    is_asked = context.key_values.get(_ASKED)
    if is_asked:
        context.key_values.put(_ASKED, None)
    elif context.board.reset_cause() != "power" or not is_unconfigured(context):
        return False
    if not _has_access_point(context.board):
        return False
    move(context.board, _CLAIM_AFTERWARDS, _CLAIM)
    context.notes.append(_OPENED)
    return True


def move(board, name: str, other: str):
    """Rename a file of the flash, if it is there and can be renamed."""
    try:
        os.rename(board.storage + name, board.storage + other)
    except OSError:
        pass


def _has_access_point(board) -> bool:
    """Whether it can open one; a build for the profile `display` has no code for it."""
    try:
        return board.access_point() is not None
    except ImportError:
        return False


def is_unconfigured(context) -> bool:
    """Whether there is no configuration, or with a radio one that names neither a network nor a password.

    A damaged one is a configuration too: its owner has to repair it.
    """
    board, config = context.board, context.config
    if context.config_faults:
        return False
    if board.wired:
        is_written = any(exists(board.config_path + end) for end in ("", ".old"))
        return not is_written and not read_best(board.config_path, [], [])[0]
    if config["profile"] == "display" or context.key_values.get("wifi_off"):
        return False
    return not config["wifi"]["networks"] and not config["auth"]["password_hash"]


def enter(context):
    """Restart into setup mode, once the button is released: held down at a start, it deletes the configuration."""
    if context.setup or not _has_access_point(context.board):
        return
    if not context.key_values.put(_ASKED, True):
        context.log.warning("setup: the button was held, but the flash can't be written")
        return
    move(context.board, _CLAIM, _CLAIM_AFTERWARDS)
    context.log.info("setup: the button was held; restarting into setup mode")
    context.supervisor.start("restart", lambda: _restart(context))


async def _restart(context):
    is_pressed = context.board.button()
    while is_pressed():
        await sleep_ms(_POLL_MS)
    call("evencell.runtime.boot_state", "restart_by_owner", context)
