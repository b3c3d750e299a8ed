"""Faults of what the balancer measures and says of itself: a reading in, another one out.

They act on the answer's reading alone. The model behind it lives on as if nothing were wrong with it.
"""

from collections.abc import Callable
from dataclasses import replace

from evencell.protocol.jk_balancer import CELL_COUNT_BIT, OVERVOLTAGE_BIT, WIRE_RESISTANCE_BIT
from tools.sim.balancer import Reading
from tools.sim.faults import Faults

# Assumed: the highest number that the field holds. Nobody has recorded a balancer without its probe.
NO_PROBE_RAW = 0x7FFF
_COLD_C = -25
_RAW_PER_C = 10


class FaultyReadings:
    """Changes readings as the faults that are on want it."""

    def __init__(self, faults: Faults):
        self._faults = faults
        self._previous: Reading | None = None

    def change(self, reading: Reading) -> Reading:
        """The reading that the balancer says instead."""
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
    return _stopped_for_its_count(_summed_up(reading))


def _summed_up(reading: Reading) -> Reading:
    """The reading with the summary that its cell list has."""
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
    return _stopped_for_its_count(replace(reading, cells_configured=reading.cells_detected + 1))


def _stopped_for_its_count(reading: Reading) -> Reading:
    """As the model does it with a wrong number of cells: the alarm bit, and no balancing."""
    return replace(reading, alarms_raw=reading.alarms_raw | CELL_COUNT_BIT, balance_raw=0, balance_ma=0)


def _alarm(bit: int) -> Callable[[Reading, Faults], Reading]:
    return lambda reading, _faults: replace(reading, alarms_raw=reading.alarms_raw | bit)


def _cold(reading: Reading, _faults: Faults) -> Reading:
    return replace(reading, temperature_raw=_COLD_C * _RAW_PER_C)


def _whole_degrees(reading: Reading, _faults: Faults) -> Reading:
    return replace(reading, temperature_raw=round(reading.temperature_raw / _RAW_PER_C))


def _probe_missing(reading: Reading, _faults: Faults) -> Reading:
    return replace(reading, temperature_raw=NO_PROBE_RAW)


# In the order in which they act: no probe says no degrees, whole or other.
EFFECTS = {
    "count_mismatch": _count_mismatch,
    "wire_off": _wire_off,
    "wire_resistance": _alarm(WIRE_RESISTANCE_BIT),
    "overvoltage": _alarm(OVERVOLTAGE_BIT),
    "alarm_bit0": _alarm(CELL_COUNT_BIT),
    "cold": _cold,
    "whole_degrees": _whole_degrees,
    "probe_missing": _probe_missing,
}
