"""The application's context and outbox for a wake that does more than read (loaded for it)."""

import asyncio

from evencell.app import COLLECT_AFTER_BYTES, Context
from evencell.compat import collect_after, const, wait_for_ms
from evencell.pack.pack import ASLEEP, ONLINE
from evencell.power import marks
from evencell.power.due import plan_next, plan_retry
from evencell.runtime.lazy import call, lazy
from evencell.runtime.log import LEVELS
from evencell.storage.paths import exists

_OUTBOX = "evencell.forward.outbox.outbox"
_BALANCING_OFF = "evencell.control.balancing_off"
_REPORT_MS = const(60_000)  # for all phases of a report together, but for look-ups of names, which block
_WATCHDOG_MS = const(120_000)  # as boot.py has started it: anew for the report, whatever reading the packs took


async def call_async(module: str, function: str, *arguments):
    """Await a coroutine of a lazy module, which is unloaded afterwards: nothing else runs in a wake."""
    scope = lazy()
    try:
        return await getattr(scope.load(module), function)(*arguments)
    finally:
        scope.unload()


class Session:
    """`context` is that of the application, without its parts. `packs`: pairs of a PackState and its pack. `supply`: of
    the first pack's balancer (supply.py), or None.
    """

    def __init__(self, wake, packs, supply=None):
        collect_after(COLLECT_AFTER_BYTES)
        self.wake = wake
        self.packs = packs
        self._supply = supply
        context = self.context = Context(wake.board, wake.clock)
        context.profile = "telemetry"
        context.device_id = wake.board.unique_id()
        self.events = context.hub.subscribe()
        self._outbox = None
        self._modules = lazy()  # those of the outbox

    @property
    def config(self) -> dict:
        """The configuration."""
        context = self.context
        if context.config is None:
            context.config = call("evencell.power.settings", "load", self.wake.board, context.storage_faults)
        return context.config

    @property
    def outbox(self):
        """The outbox, with what RTC memory and flash hold."""
        if self._outbox is None:
            self._outbox = self._open()
        return self._outbox

    def _configure(self):
        """Give the context, and the packs, what the configuration says of them."""
        context, config = self.context, self.config
        if context.hub.packs:
            return
        context.log.level = LEVELS.index(config["log"]["level"])
        context.hostname = config["wifi"]["hostname"] or "evencell-" + context.device_id[-6:]
        for place, (_, pack) in enumerate(self.packs):
            pack.name, pack.model = config["packs"][place]["name"], config["packs"][place]["model"]
            context.hub.packs.append(pack)

    def _open(self):
        self._configure()
        state, outbox = self.wake.state, self._modules.load(_OUTBOX).Outbox(self.context, None)
        outbox.run_id = state.run_id
        outbox.has_undated = state.has_undated > 0
        return outbox

    def spill(self):
        """Write what RTC memory holds to the flash, then how far the numbers of the readings are."""
        outbox = self.outbox
        outbox.flush()
        if outbox.first == outbox.end:
            marks.save(self.context, self.packs)

    async def report(self):
        """Send all that waits; a failure is logged, and postpones the next report."""
        wake, state = self.wake, self.wake.state
        self._configure()
        watchdog = wake.board.watchdog(_WATCHDOG_MS)
        if watchdog:
            watchdog.feed()
        state.is_transmitting = 1
        wake.save()
        try:
            await wait_for_ms(call_async("evencell.power.report", "send", self), _REPORT_MS)
            plan_next(state, wake.now_s())
            if exists(wake.board.storage + "/boots"):
                call("evencell.runtime.boot_state", "proven", wake.board, self.context.storage_faults)
        except (OSError, asyncio.TimeoutError) as error:
            plan_retry(state, wake.now_s())
            text = "report: %s; next try in %d s at the earliest" % (str(error) or "timed out", state.pause_ms // 1000)
            self.context.log.warning(text)
        state.is_transmitting = 0

    async def switch_balancing_off(self, pack):
        """Protect a low pack; does nothing where the configuration lets nothing be written."""
        place = [each for _, each in self.packs].index(pack)
        if self.config["packs"][place]["writable"]:
            self.enable_writing()
            await call_async(_BALANCING_OFF, "switch_off", self.context, pack)
            self.number_polled()

    async def wake_balancers(self):
        """Have the balancers ready for commands. The end of the wake releases the supply of the first one."""
        for place, (pack_state, pack) in enumerate(self.packs):
            is_on = place > 0 or self._supply is None or await self._supply.switch_on(pack_state, pack)
            pack.link = ONLINE if is_on else ASLEEP

    def enable_writing(self):
        """Let commands set the balancers."""
        self._configure()
        call("evencell.power.writing", "enable", self)

    def number_polled(self) -> bool:
        """Append the readings that commands brought; whether there are any."""
        outbox, has_new = self.outbox, False
        for pack_state, pack in self.packs:
            if pack.sequence != pack_state.sequence:
                pack_state.sequence += 1
                pack.sequence = pack_state.sequence
                pack_state.alarms, pack_state.misses = pack.accepted.alarms, 0
                outbox.append(pack)
                has_new = True
        return has_new

    def close_outbox(self):
        """Note what the next wake needs to know of the outbox, and unload it."""
        outbox, state = self._outbox, self.wake.state
        if outbox:
            outbox.release_store()
            state.cells = outbox.cells
            state.has_undated = 1 if outbox.has_undated else 0
            self._outbox = None
            self._modules.unload()
