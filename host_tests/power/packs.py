"""Packs and states for the tests of a device that sleeps, on either interpreter."""

from evencell.pack.limits import limits_of, low_limits
from evencell.pack.pack import Pack
from evencell.pack.temperature import TemperatureScale
from evencell.power.state import RTC_BYTES, PackState, WakeState
from evencell.protocol.jk_balancer import decode_status
from host_tests.fakes import FakeClock
from host_tests.portable import frames


class ReadPack:
    """A pack of four cells and its state; `read` accepts a reading."""

    def __init__(self, chemistry: str = "lfp"):
        self.state = PackState()
        self.state.highest_mv = limits_of(chemistry, None)[1]
        self.state.low_mv, self.state.low_step_mv = low_limits(chemistry, None)
        self.pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"))
        self.clock = FakeClock()

    def read(self, cells_mv=(3300, 3300, 3300, 3300), balance_raw: int = 0):
        pack = self.pack
        decode_status(bytes(frames()[0]), 0, pack.candidate)
        status = pack.candidate
        status.cells_detected = status.cells_configured = len(cells_mv)
        status.balance_raw, status.alarms_raw, status.temperature_raw = balance_raw, 0, 200
        for cell in range(24):
            status.cells_mv[cell] = cells_mv[cell] if cell < len(cells_mv) else 0
        status.pack_mv = sum(cells_mv)
        pack.accept_unchecked(self.clock)
        self.state.alarms = pack.accepted.alarms
        return self


def state_of(*packs) -> WakeState:
    """The state of a device with these packs: it reads each 15 minutes and reports each 6 hours."""
    state = WakeState(bytearray(RTC_BYTES))
    state.packs = [pack.state for pack in packs]
    state.usual_s = state.interval_s = 900
    state.min_s, state.max_s, state.report_s, state.spill_every = 225, 3600, 21_600, 8
    return state


def pairs(*packs) -> list:
    return [(pack.state, pack.pack) for pack in packs]
