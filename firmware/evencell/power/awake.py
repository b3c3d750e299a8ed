"""Keeps a device that sleeps awake for some minutes after its button was pressed, with page and display.

The wake renames `wake.json` to `awake.json` and restarts the board, so that boot.py claims memory for the application;
startup.py deletes that file and starts the parts of the profile `awake`. MQTT is not one of them: the session at the
broker, and the numbers of the readings, belong to the wakes. After another restart the device sleeps as ever.
"""

import os
import time

from evencell.compat import const, sleep_ms
from evencell.pack.low_level import RADIO_OFF
from evencell.runtime.lazy import call

_POLL_MS = const(100)
_POLL_S = 0.1
_POLLS_PER_S = const(10)
_RELEASED_WITHIN_S = const(15)
_FILE = "/awake.json"


def begin(wake):
    """Restart the board to stay awake; returns where that can't be: a low pack, a stuck button, a full flash."""
    board, is_pressed, polls = wake.board, wake.board.button(), _RELEASED_WITHIN_S * _POLLS_PER_S
    if wake.state.level >= RADIO_OFF:
        return
    while is_pressed and is_pressed():  # a start with a held button deletes the settings
        if not polls:
            return
        polls -= 1
        time.sleep(_POLL_S)
    try:
        os.rename(board.storage + "/wake.json", board.storage + _FILE)
    except OSError:
        return
    wake.save()
    board.restart()


def start(context):
    """Stay awake for `power.awake_s`, from the last press on."""
    awake_s = context.config["power"]["awake_s"]
    has_reported = call("evencell.power.trial", "has_reported", context.board)
    context.key_values.put("reported", has_reported)  # for an update: its conditions.py
    context.log.info("awake for %d s: the button was pressed" % awake_s)
    context.supervisor.start("awake", lambda: stay(context, awake_s))


async def stay(context, awake_s: int):
    """Wait, and longer while an update is received; then restart, to sleep again."""
    is_pressed = context.board.button()
    polls = polls_left = awake_s * _POLLS_PER_S
    while polls_left > 0 or context.update:
        await sleep_ms(_POLL_MS)
        polls_left = polls if is_pressed and is_pressed() else polls_left - 1
    context.log.info("going to sleep: press the button to wake the device")
    call("evencell.runtime.boot_state", "restart_by_owner", context)
