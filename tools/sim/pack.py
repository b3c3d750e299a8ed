"""Cells in series: their charge, their resistance and the voltage at their terminals."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from tools.sim.chemistry import Chemistry

# A 20 Ah cell has 3 mΩ, and a larger one proportionally less.
_RESISTANCE_MOHM_AH = 60.0
_CAPACITY_SPREAD = 0.02
_RESISTANCE_SPREAD = 0.1
# Far more than a good cell has: else a balanced pack would take weeks to drift.
_LEAKAGE_C = 0.004
_START_OFFSETS_MV = (27, 5, -4, -25)

_MA_PER_AH = 1000
_S_PER_H = 3600


@dataclass
class Cell:
    """One cell. `soc` is its state of charge, 0 … 1 of its own capacity."""

    chemistry: Chemistry
    capacity_ah: float
    resistance_mohm: float
    soc: float
    leakage_ma: float = 0.0

    @property
    def charge_as(self) -> float:
        """Charge of the cell in ampere-seconds."""
        return self.soc * self.capacity_ah * _S_PER_H

    def move(self, charge_as: float):
        """Add ampere-seconds to the cell; negative ones are taken out."""
        self.soc += charge_as / (self.capacity_ah * _S_PER_H)

    def terminal_mv(self, current_ma: float) -> float:
        """Voltage at the terminals while `current_ma` flows, positive where it charges; never below zero."""
        return max(0.0, self.chemistry.ocv_mv(self.soc) + current_ma * self.resistance_mohm / 1000)


class Pack:
    """Cells in series, and the pack current through all of them (mA, positive where it charges).

    The current is zero until `use` names the phases of its use: (seconds, mA) one after the other, without end.
    A balance lead that is loose shifts what the balancer measures: `lead_errors_mv`, one for each cell.
    """

    def __init__(self, cells: Iterable[Cell]):
        self.cells = list(cells)
        self.current_ma = 0.0
        self.has_loose_lead = False
        self.lead_errors_mv = [0.0] * len(self.cells)
        self._phases: Iterator[tuple[float, float]] | None = None
        self._phase_left_s = 0.0

    def use(self, phases: Iterator[tuple[float, float]]):
        """Make the pack current follow `phases` from now on."""
        self._phases = phases
        self._phase_left_s = 0.0

    def step(self, seconds: float):
        """Let time pass, with the phase's current and the leakage of each cell."""
        if self._phases is not None and self._phase_left_s <= 0:
            self._phase_left_s, self.current_ma = next(self._phases)
        self._phase_left_s -= seconds
        for cell in self.cells:
            cell.move((self.current_ma - cell.leakage_ma) / 1000 * seconds)

    def terminals_mv(self) -> list[float]:
        """Present voltage of each cell."""
        return [cell.terminal_mv(self.current_ma) for cell in self.cells]


def default_pack(chemistry: Chemistry, capacity_ah: float, random: Random) -> Pack:
    """Four cells at rest after a charge, 52 mV apart; in random order."""
    offsets_mv = random.sample(_START_OFFSETS_MV, len(_START_OFFSETS_MV))
    cells = [_cell(chemistry, capacity_ah, chemistry.start_mv + offset_mv, random) for offset_mv in offsets_mv]
    for cell in cells:
        cell.leakage_ma = random.random() * _LEAKAGE_C * capacity_ah * _MA_PER_AH
    return Pack(cells)


def fixed_pack(chemistry: Chemistry, capacity_ah: float, cells_mv: Iterable[int], random: Random) -> Pack:
    """Cells of these voltages, changed by balancing alone."""
    return Pack(_cell(chemistry, capacity_ah, voltage_mv, random) for voltage_mv in cells_mv)


def _cell(chemistry: Chemistry, capacity_ah: float, ocv_mv: float, random: Random) -> Cell:
    """A cell of about `capacity_ah`, with random spread."""
    return Cell(
        chemistry,
        capacity_ah=_spread(capacity_ah, _CAPACITY_SPREAD, random),
        resistance_mohm=_spread(_RESISTANCE_MOHM_AH / capacity_ah, _RESISTANCE_SPREAD, random),
        soc=chemistry.soc(ocv_mv),
    )


def _spread(value: float, spread: float, random: Random) -> float:
    return value * random.uniform(1 - spread, 1 + spread)
