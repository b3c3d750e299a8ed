"""Composition root: creates the objects that exist once; startup.py starts the parts."""

import gc
import time

from evencell.clock.clock import Clock
from evencell.compat import collect_after, const, sleep_ms
from evencell.hub import Hub
from evencell.runtime.crashes import Crashes
from evencell.runtime.event_loop import run_loop
from evencell.runtime.lazy import call, lazy
from evencell.runtime.log import Log
from evencell.runtime.memory import MemoryPolicy
from evencell.runtime.supervisor import Supervisor, run_guarded
from evencell.runtime.watchdog import Watchdog
from evencell.storage.faults import StorageFaults

# MicroPython collects garbage when the heap is full; by then what stays is scattered, and no large block is free.
COLLECT_AFTER_BYTES = const(4096)  # during the start, and at least
_TICK_MS = const(1_000)
_RESTART_BYTES = const(768)  # the log line of a restart
_PROVEN_AFTER_MS = const(300_000)
_SAFE_RESTART_MS = const(3_600_000)  # in safe mode, where restarts have not helped, until the next one for memory
_SETUP_HOLD_S = const(10)  # of the button: beyond what opens the menu (display/button.py)
_PAUSE_S = const(5)  # before a restart: time for Ctrl-C
_PAUSE_SAFE_S = const(60)  # where even safe mode fails, again and again
_EVENT_LOG = "evencell.control.event_log_due"
_LOW_PACK = "evencell.control.low_pack"
_LOW_TICK_S = const(10)


class Context:
    """What a part may need: everything of which there is one. What is None here is set by startup.py or by a part."""

    def __init__(self, board, clock=None):
        self.board = board
        self.reserve = bytearray(_RESTART_BYTES)  # freed by `restart`
        self.clock = clock or Clock(board.set_time)
        self.log = Log(self.clock)
        self.heap = MemoryPolicy(board, self.log)
        self.storage_faults = StorageFaults(self.clock, self.log)
        self.crashes = Crashes(board, self.clock, self.log, self.storage_faults)
        self.supervisor = Supervisor(self.log, self.crashes.keep)
        self.watchdog = Watchdog(board, self.clock, self.supervisor, self.log)
        self.hub = Hub([], self.clock)
        self.at_end = []  # functions that write what is only in memory, for a clean end
        # Set by startup.py.
        self.config = self.key_values = None
        self.setup = None  # setup mode (setup/access.py)
        self.config_faults = []  # sentences
        self.config_crc = None  # of a config.json without faults (config/checked.py)
        self.notes = []  # sentences about this start
        self.profile = self.device_id = self.hostname = ""
        self.safe_mode = None  # why it is on
        self.lazy_lock = None  # where a profile has lazy modules that stay loaded across an `await`
        # Set by the part of this name, if it is started.
        self.network = self.mqtt = self.influx = self.outbox = self.history = self.control = self.rules = None
        self.display = self.canvas = self.extremes = None
        self.send_buffer = None  # of all TCP connections (net/tcp.py)
        self.sessions = []  # of logins (forward/http/sessions.py), each a list that begins with its end in ms of uptime
        self.sessionless = [1e12]  # the same for event streams that belong to no session
        self.login_failures = {}  # by address (forward/http/attempts.py)
        self.update = None  # while one is received or confirmed: what `/api/v1/update` says of it
        self.reached_ms = 0  # uptime at which the network was last seen to work
        self.restart_reason = None  # a sentence: the device restarts because of it

    def finish(self):
        """Write what is only in memory: the firmware ends."""
        for write in self.at_end:
            self.supervisor.attempt("the last write", write)


def main(board):
    """Run until the power goes, or until Ctrl-C, which writes what is in memory. After a failure of the application
    itself the board restarts.
    """
    collect_after(COLLECT_AFTER_BYTES)
    context = Context(board)
    try:
        run_guarded(lambda: run_loop(run(context), context), lambda error: restart(context, "evencell", error))
    except KeyboardInterrupt:
        context.watchdog.relax()
        context.finish()


def restart(context, part: str, reason):
    """Store the reason, an exception or a sentence, in the crash log, then restart the board.

    The pause keeps a failure at each start from wearing the flash. It restarts also where no memory is left: what
    there is none for is left out.
    """
    context.reserve = None
    gc.collect()
    try:
        context.supervisor.report(part, reason)
        context.supervisor.attempt("storing a failure", context.crashes.flush, True)
        context.finish()
    except MemoryError:
        pass
    context.watchdog.relax()
    time.sleep(_PAUSE_SAFE_S if context.safe_mode else _PAUSE_S)
    context.board.restart()


async def run(context):
    """Start every part that is wanted, and watch over them."""
    scope = lazy()
    scope.load("evencell.startup").start_up(context)
    scope.unload()  # but not the parts that it started
    await stay_alive(context)


def _protect(context, is_pressed: bool):
    """Protect a low pack, where there is one. `is_pressed`: the button is down."""
    for pack in context.hub.packs:
        status, cell = pack.accepted, pack.accepted.lowest_cell
        is_below = cell and (status.cells_mv[cell - 1] <= pack.limits[0] or 0 < status.pack_mv <= pack.limits[2])
        if is_below or pack.low_level:
            call(_LOW_PACK, "tick", context, is_pressed)
            return
    if context.hub.low:
        call(_LOW_PACK, "end", context)


async def stay_alive(context):
    """Check heartbeats and heaps every second. A start that lasts 5 minutes is proven: boot.py keeps it."""
    is_proven = bool(context.safe_mode)  # only its owner ends safe mode
    supervisor, hub, is_pressed, held_s = context.supervisor, context.hub, context.board.button(), 0
    seconds = 0
    while True:
        held_s = held_s + 1 if is_pressed and is_pressed() else 0
        if held_s == _SETUP_HOLD_S:
            call("evencell.setup.mode", "enter", context)
        context.watchdog.check()
        hub.tick()
        seconds += 1
        if held_s or seconds % _LOW_TICK_S == 0:
            supervisor.attempt("the protection of a low pack", _protect, context, held_s > 0)
        if hub.is_log_due and context.clock.uptime_ms() >= hub.log_after_ms and context.rules is None:
            supervisor.attempt("the event log", call, _EVENT_LOG, "write", context)
        reason = context.heap.tick(context.clock.uptime_ms()) or context.restart_reason
        if reason and (not context.safe_mode or context.clock.uptime_ms() >= _SAFE_RESTART_MS):
            restart(context, "network", reason)
        supervisor.attempt("storing a failure", context.crashes.flush)
        context.key_values.flush()
        is_due = context.clock.uptime_ms() >= _PROVEN_AFTER_MS and context.storage_faults.may_retry("boots")
        if is_due and not is_proven:
            is_proven = call("evencell.runtime.boot_state", "proven", context.board, context.storage_faults)
        await sleep_ms(_TICK_MS)
