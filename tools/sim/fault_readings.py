"""Faults of readings: each takes a reading and returns a changed one. The model behind it is not changed."""

from collections.abc import Callable
from dataclasses import replace

from evencell.protocol.jk_balancer import CELL_COUNT_BIT, DISCHARGING_HIGHEST, OVERVOLTAGE_BIT, WIRE_RESISTANCE_BIT
from tools.sim.balancer import Reading
from tools.sim.faults import Faults

# Assumed: the highest number of the field. No recording of a balancer without its probe exists.
NO_PROBE_RAW = 0x7FFF
_COLD_C = -25
_RAW_PER_C = 10


class FaultyReadings:
    """Changes readings by the active faults."""

    def __init__(self, faults: Faults):
        self._faults = faults
        self._previous: Reading | None = None

    def change(self, reading: Reading) -> Reading:
        """The reading with the active faults."""
        for name, effect in EFFECTS.items():
            if name in self._faults:
                reading = effect(reading, self._faults)
        previous, self._previous = self._previous or reading, reading
        return _with_summary_of(previous, reading) if "summary_lag" in self._faults else reading


def _with_summary_of(previous: Reading, reading: Reading) -> Reading:
    return replace(
        reading,
        frame_average_mv=previous.frame_average_mv,
        frame_highest_index=previous.frame_highest_index,
        frame_lowest_index=previous.frame_lowest_index,
        frame_delta_mv=previous.frame_delta_mv,
    )


def _wire_off(reading: Reading, faults: Faults) -> Reading:
    off = int(faults.number("wire_off")) - 1
    off_mv = reading.cells_mv[off]
    if not off_mv:
        return reading
    cells_mv = reading.cells_mv[:]
    cells_mv[off] = 0
    reading = replace(
        reading,
        cells_mv=cells_mv,
        cells_detected=max(0, reading.cells_detected - 1),
        pack_mv=max(0, reading.pack_mv - off_mv),
    )
    return _with_wrong_count(_summarised(reading))


def _dead_cell(reading: Reading, faults: Faults) -> Reading:
    dead = int(faults.number("dead_cell")) - 1
    cells_mv = reading.cells_mv[:]
    cells_mv[dead] = 0
    return _summarised(replace(reading, cells_mv=cells_mv, pack_mv=max(0, reading.pack_mv - reading.cells_mv[dead])))


def _signed_current(reading: Reading, _faults: Faults) -> Reading:
    is_discharging = reading.balance_raw == DISCHARGING_HIGHEST
    return replace(reading, balance_ma=-reading.balance_ma) if is_discharging else reading


def _summarised(reading: Reading) -> Reading:
    """The reading with the summary of its cell list."""
    cells_mv = reading.cells_mv
    connected = [cell for cell, voltage_mv in enumerate(cells_mv) if voltage_mv]
    highest = max(connected, key=cells_mv.__getitem__, default=0)
    lowest = min(connected, key=cells_mv.__getitem__, default=0)
    return replace(
        reading,
        frame_average_mv=sum(cells_mv) // max(1, len(connected)),
        frame_highest_index=highest,
        frame_lowest_index=lowest,
        frame_delta_mv=cells_mv[highest] - cells_mv[lowest],
    )


def _count_mismatch(reading: Reading, _faults: Faults) -> Reading:
    return _with_wrong_count(replace(reading, cells_configured=reading.cells_detected + 1))


def _with_wrong_count(reading: Reading) -> Reading:
    """The reading with the alarm bit and without balancing, as of a model with a wrong number of cells."""
    return replace(reading, alarms_raw=reading.alarms_raw | CELL_COUNT_BIT, balance_raw=0, balance_ma=0)


def _alarm(bit: int) -> Callable[[Reading, Faults], Reading]:
    return lambda reading, _faults: replace(reading, alarms_raw=reading.alarms_raw | bit)


def _cold(reading: Reading, _faults: Faults) -> Reading:
    return replace(reading, temperature_raw=_COLD_C * _RAW_PER_C)


def _whole_degrees(reading: Reading, _faults: Faults) -> Reading:
    return replace(reading, temperature_raw=round(reading.temperature_raw / _RAW_PER_C))


def _probe_missing(reading: Reading, _faults: Faults) -> Reading:
    return replace(reading, temperature_raw=NO_PROBE_RAW)


# In the order of application: without a probe there are no whole degrees either.
EFFECTS = {
    "count_mismatch": _count_mismatch,
    "wire_off": _wire_off,
    "dead_cell": _dead_cell,
    "wire_resistance": _alarm(WIRE_RESISTANCE_BIT),
    "overvoltage": _alarm(OVERVOLTAGE_BIT),
    "alarm_bit0": _alarm(CELL_COUNT_BIT),
    "cold": _cold,
    "whole_degrees": _whole_degrees,
    "probe_missing": _probe_missing,
    "signed_current": _signed_current,
}
