"""The composition root: the only place where things are made and introduced to each other."""

import time

from evencell.compat import collect_after, const, sleep_ms
from evencell.hub import Hub
from evencell.runtime.event_loop import run_loop
from evencell.runtime.memory import MemoryPolicy
from evencell.system.clock import Clock
from evencell.system.crashes import Crashes
from evencell.system.log import Log
from evencell.system.on_demand import call
from evencell.system.supervisor import Supervisor, guard
from evencell.system.watch import Watch

# MicroPython collects when the heap is full; by then what stays lies scattered, and no room is left in one piece.
COLLECT_AFTER_BYTES = const(4096)  # while it starts, and at least
_LOOK_MS = const(1_000)
_PROVEN_AFTER_MS = const(300_000)
_PAUSE_S = const(5)  # before a restart: time for Ctrl-C
_PAUSE_SAFE_S = const(60)  # where even safe mode fails, again and again


class Context:
    """What a part may need: everything of which there is one."""

    def __init__(self, board):
        """What a failure is reported with; start_up.py does the rest."""
        self.board = board
        self.clock = Clock(board.set_time)
        self.log = Log(self.clock)
        self.heap = MemoryPolicy(board, self.log)
        self.crashes = Crashes(board, self.clock, self.log)
        self.supervisor = Supervisor(self.log, self.crashes.keep)
        self.watch = Watch(board, self.clock, self.supervisor, self.log)
        self.hub = Hub([], self.clock)
        self.lazy_lock = None  # of modules that stay loaded for longer, where a profile has such
        self.safe_mode = None  # why it is on
        self.canvas = None  # the display's, once there is one
        self.journal = None  # readings that somebody has yet to take, if anybody does
        self.history = None  # what is kept of every pack, once it is
        self.display = None  # its tasks, then
        self.extremes = None  # of the cells, in the profile that keeps them
        self.influx = None  # what waits for the store, once there is one
        self.mqtt = None  # what keeps the connection to the broker, once there is one
        self.network = None  # Wi-Fi's or the cable's, once there is one
        self.reached_ms = 0  # uptime at which the network was last seen to work
        self.restart_reason = None  # a sentence: the device restarts because of it


def main(board):
    """Run until the power goes, or until Ctrl-C. What fails beyond help is kept, then the board restarts."""
    collect_after(COLLECT_AFTER_BYTES)
    context = Context(board)
    try:
        guard(lambda: run_loop(run(context), context), lambda error: restart(context, "evencell", error))
    except KeyboardInterrupt:
        context.watch.relax()


def restart(context, part: str, reason):
    """Keep the reason, an exception or a sentence, in the crash log, then restart the board.

    The pause keeps a failure that always comes from wearing the flash.
    """
    context.supervisor.report(part, reason)
    context.supervisor.attempt("keeping that", context.crashes.flush, True)
    context.watch.relax()
    time.sleep(_PAUSE_SAFE_S if context.safe_mode else _PAUSE_S)
    context.board.restart()


async def run(context):
    """Start every part that is wanted, and see to it that all go on."""
    call("evencell.start_up", "start_up", context)
    await stay_alive(context)


async def stay_alive(context):
    """Look after the parts, for ever. A start that lasts is a good one: nothing has to be fallen back from."""
    is_proven = bool(context.safe_mode)  # that has to be left by an owner
    supervisor = context.supervisor
    while True:
        context.watch.look()
        context.hub.look()
        reason = context.heap.tick(context.clock.uptime_ms()) or context.restart_reason
        if reason:
            restart(context, "network", reason)
        supervisor.attempt("keeping that", context.crashes.flush)
        if not is_proven and context.clock.uptime_ms() >= _PROVEN_AFTER_MS:
            is_proven = True
            supervisor.attempt("boots", call, "boots", "proven", context.board)
        await sleep_ms(_LOOK_MS)
