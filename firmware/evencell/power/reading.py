"""Reads the packs: one exchange each is the rule, for the reading before waits in RTC memory."""

from evencell.compat import const, ticks_diff, ticks_ms
from evencell.link.bus import Rs485Bus
from evencell.pack.alarms import alarms_of
from evencell.pack.pack import Pack
from evencell.pack.temperature import TemperatureScale
from evencell.power.state import ANY_UART
from evencell.protocol.jk_balancer import ANSWER_BYTES, decode_status, read_request

_READ_MS = const(10_000)  # for one pack
_MAX_REQUESTS = const(4)
_MAX_SILENT = const(2)  # requests without an answer, as in a poll
_MAX_MISSES = const(3)


def open_packs(board, state) -> list:
    """Pairs of a PackState and its pack, which has the reading of the last wake. ValueError where there is no port."""
    buses, packs = {}, []
    for pack_state in state.packs:
        port = board.port(None if pack_state.uart == ANY_UART else pack_state.uart)
        if port not in buses:
            buses[port] = Rs485Bus(port)
        scale = TemperatureScale("auto")
        scale.dc_per_count, scale.agreeing = pack_state.dc_per_count, pack_state.agreeing
        pack = Pack("", "", scale, buses[port])
        packs.append((pack_state, pack))
        if any(pack_state.frame):
            _restore(pack_state, pack)
    return packs


def _restore(pack_state, pack):
    status = pack.accepted
    decode_status(pack_state.frame, 0, status)
    status.derive()
    status.temperature_dc = pack.scale.temperature_dc(status.temperature_raw)
    status.alarms = alarms_of(status, pack.scale)
    pack.sequence = pack_state.sequence
    pack.read_ms = 1000 * pack_state.read_s


async def read(pack_state, pack, clock) -> bool:
    """Ask until a reading is accepted; whether one was. A damaged or implausible answer is repeated at once.

    An offline pack is asked once.
    """
    started, request = ticks_ms(), read_request(pack_state.address)
    silent_left = 1 if pack_state.misses >= _MAX_MISSES else _MAX_SILENT
    for _ in range(_MAX_REQUESTS):
        at = await pack.bus.query(request, pack_state.timeout_ms)
        if at < 0 and not pack.bus.has_damaged_answer():
            silent_left -= 1
        while at >= 0:
            decode_status(pack.bus.frame, at, pack.candidate)
            if pack.accept(clock):
                _keep(pack_state, pack, at)
                return True
            at = pack.bus.find_next(request)
        if not silent_left or ticks_diff(ticks_ms(), started) >= _READ_MS:
            break
    note_miss(pack_state)
    return False


def note_miss(pack_state):
    """Count a wake that brought no reading."""
    pack_state.misses = min(pack_state.misses + 1, _MAX_MISSES)


def _keep(pack_state, pack, at: int):
    """Number the accepted reading, and note it for the next wake."""
    pack_state.sequence += 1
    pack.sequence = pack_state.sequence
    pack_state.frame = bytes(pack.bus.frame[at : at + ANSWER_BYTES])
    pack_state.read_s = pack.read_ms // 1000
    pack_state.alarms, pack_state.misses = pack.accepted.alarms, 0
    pack_state.dc_per_count, pack_state.agreeing = pack.scale.dc_per_count, pack.scale.agreeing
