"""Puts a device to sleep whose configuration says so, before its radio is switched on.

From then on main.py starts power/wake.py, and no part is started any more.
"""

from evencell.runtime.lazy import call


def start(context):
    """Note that this device sleeps, and begin; its first wake comes at once, and reports."""
    board = context.board
    call("evencell.power.settings", "save", board, context.storage_faults, context.config, context.config_faults)
    board.sleeper().sleep(1)
