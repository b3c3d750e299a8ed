"""The cycle of one wake: read each pack, decide, sometimes spill and report."""

from evencell.pack.low_level import BALANCER_OFF, RADIO_OFF, level_of
from evencell.power.due import is_due, plan_retry, sleep_s
from evencell.power.held import append, has_room
from evencell.power.interval import next_interval_s
from evencell.power.reading import note_miss, open_packs, read
from evencell.power.state import TRIAL_RUNS
from evencell.runtime.lazy import call, lazy


class Cycle:
    """`packs`: pairs of a PackState and its pack."""

    def __init__(self, wake):
        self.wake = wake
        self.packs = open_packs(wake.board, wake.state)
        self._session = self._supply = None

    async def run(self) -> int:
        """Returns the seconds to sleep."""
        try:
            return await self._run()
        finally:
            if self._supply:
                self._supply.release()

    async def _run(self) -> int:
        wake, state = self.wake, self.wake.state
        if state.is_transmitting:  # the last wake ended in its report
            state.is_transmitting = 0
            plan_retry(state, wake.now_s())
        for place, (pack_state, pack) in enumerate(self.packs):
            if place == 0 and state.has_w and not await self._switch_on():
                continue
            if not await read(pack_state, pack, wake.clock):
                continue
            if state.report_s:
                self._keep(pack_state, pack)
            if place == 0 and self._supply:
                self._supply.judge(pack)
        wake.save()
        was_on_air = state.level < RADIO_OFF
        await self._guard()
        if self._supply:
            self._supply.release()
        if state.beacon_ms and (was_on_air or state.level < RADIO_OFF):  # once more at the last level: it says why
            await self._send_beacon()
        state.interval_s = next_interval_s(state, self.packs)
        if not self._is_safe():
            self.session().spill()
        is_asked = wake.cause == "button" or not has_room(wake.rtc.buffer, state)
        if is_due(state, wake.now_s(), is_asked):
            await self.session().report()
        if state.is_new:
            self.session().spill()
            state.is_new = 0
        if state.trial & TRIAL_RUNS:
            call("evencell.power.trial", "end", self.session())
        if self._session:
            self._session.close_outbox()
        return sleep_s(state, wake.now_s())

    async def _send_beacon(self):
        scope = lazy()
        try:
            await scope.load("evencell.power.beacon").send(self.wake, *self.packs[0])
        finally:
            scope.unload()

    async def _switch_on(self) -> bool:
        """Supply the first balancer for its reading; False where that is not allowed, or brings no answer."""
        from evencell.power.supply import Supply

        supply = self._supply = Supply(self.wake)
        if await supply.switch_on(*self.packs[0]):
            return True
        if supply.is_allowed:
            note_miss(self.packs[0][0])
        return False

    def _keep(self, pack_state, pack):
        """Append the reading to the outbox; its area in RTC memory is enough as long as it has room."""
        wake = self.wake
        if self._session or not append(wake.rtc.buffer, wake.state, pack_state, pack, wake.clock):
            self.session().outbox.append(pack)

    async def _guard(self):
        """Judge how low the packs are, the lowest one for the device."""
        state, highest = self.wake.state, 0
        for pack_state, pack in self.packs:
            level = level_of(pack.accepted, pack_state.low_mv, pack_state.low_step_mv, state.low_pack_mv, state.level)
            highest = max(highest, level)
            if level >= BALANCER_OFF and pack.accepted.balancing_enabled:
                await self.session().switch_balancing_off(pack)
        state.level = highest

    def _is_safe(self) -> bool:
        """Whether a loss of RTC memory would cost fewer readings than allowed."""
        state = self.wake.state
        is_marked = all(pack.sequence - pack.marked < state.spill_every for pack in state.packs)
        return is_marked and has_room(self.wake.rtc.buffer, state)

    def session(self):
        """What a wake takes that does more than read, made when it is first needed."""
        if self._session is None:
            from evencell.power.session import Session

            self._session = Session(self.wake, self.packs, self._supply)
        return self._session
