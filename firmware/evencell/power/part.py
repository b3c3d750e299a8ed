"""Puts a device to sleep whose configuration says so, before its radio is switched on.

From then on main.py starts power/wake.py, and no part is started any more. What RTC memory still has of an earlier time
is used, but not its settings.
"""

from evencell.power.state import WakeState
from evencell.runtime.lazy import call
from evencell.storage.paths import exists


def start(context):
    """Note that this device sleeps, and begin; its first wake comes at once, and reports."""
    board = context.board
    call("evencell.power.settings", "save", board, context.storage_faults, context.config, context.config_faults)
    if exists(board.storage + "/update.json"):
        call("evencell.power.trial", "keep_through_sleep", board)
    sleeper = board.sleeper()
    state = WakeState(sleeper.rtc.buffer)
    if state.load():
        state.usual_s = state.report_due_s = 0
        state.save()
        sleeper.rtc.save()
    sleeper.sleep(1)
