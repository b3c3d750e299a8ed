"""Model of the balancer: measurement, decisions, and the transfer of charge between cells.

From the JK-B2A4S manual V2.1 and the protocol document V1.3. Assumed, since it is not published: the size of the
supercapacitor, the efficiency, the warming, that a wrong cell count stops the balancing, and that the balancer
measures while its own current pauses, so that no reading carries the voltage drop of it.
"""

from array import array
from dataclasses import dataclass
from random import Random

from evencell.protocol.jk_balancer import (
    CELL_COUNT_BIT,
    CELL_SLOTS,
    CHARGING_LOWEST,
    DISCHARGING_HIGHEST,
    WIRE_RESISTANCE_BIT,
)
from evencell.protocol.jk_settings import setting_range
from tools.sim.pack import Pack
from tools.sim.supply import START_S, Supply

TICK_S = 0.5
EFFICIENCY = 0.88
CAPACITOR_AS = 16.0

_TRIGGER_MV = 5
_AMBIENT_C = 22.0
_IDLE_RISE_C = 2.0
_FULL_CURRENT_RISE_C = 14.0
_FULL_CURRENT_MA = 2000
_WARMING_S = 300.0
_NOISE_MV = 0.7


@dataclass(frozen=True)
class Reading:
    """One measurement, under the names and in the units of the protocol's status table."""

    pack_mv: int
    frame_average_mv: int
    cells_detected: int
    frame_highest_index: int
    frame_lowest_index: int
    balance_raw: int
    alarms_raw: int
    frame_delta_mv: int
    balance_ma: int
    trigger_mv: int
    max_balance_ma: int
    balancing_raw: int
    cells_configured: int
    temperature_raw: int
    cells_mv: array


class Balancer:
    """A balancer at `pack`. `noise` changes measurements by at most a millivolt; None measures exactly.

    Time passes in whole ticks, so that the same seed gives the same day, whatever the steps. Without a `supply` it is
    always on and draws nothing from the pack. `moved_as`: charge taken out of cells so far, in ampere-seconds.
    """

    def __init__(self, pack: Pack, noise: Random | None = None, supply: Supply | None = None, tick_s: float = TICK_S):
        self.pack = pack
        self.moved_as = 0.0
        self._tick_s = tick_s
        self._supply = supply
        self._on_s = START_S
        cell_count = len(pack.cells)
        self.model = "jk_b2a4s" if cell_count == 4 else "jk_b2a24s"
        self.settings = {
            "cell_count": cell_count,
            "trigger_mv": _TRIGGER_MV,
            "max_balance_ma": setting_range(self.model, "max_balance_ma")[1],
            "balancing_enabled": 1,
        }
        self.capacitor_as = 0.0
        self.temperature_c = _AMBIENT_C + _IDLE_RISE_C
        self._noise = noise
        self._passed_s = 0.0
        self._balancing = False
        self._turn = DISCHARGING_HIGHEST
        self._measure()
        self._decide()

    def step(self, seconds: float):
        """Let time pass for pack and balancer in ticks; the remainder counts at the next call."""
        self._passed_s += seconds
        while self._passed_s >= self._tick_s:
            self._passed_s -= self._tick_s
            self._tick()

    def write(self, setting: str, value: int) -> int:
        """Set a value if it is in the model's range; returns the active one."""
        lowest, highest = setting_range(self.model, setting)
        if lowest <= value <= highest:
            self.settings[setting] = value
            self._decide()
        return self.settings[setting]

    def reading(self) -> Reading:
        """The current reading. All of it is from one instant."""
        cells_mv = self._cells_mv
        connected_mv = [cells_mv[cell] for cell in self._connected]
        sum_mv = sum(connected_mv)
        return Reading(
            pack_mv=(sum_mv + 5) // 10 * 10,
            frame_average_mv=sum_mv // max(1, len(connected_mv)),
            cells_detected=len(connected_mv),
            frame_highest_index=self._highest,
            frame_lowest_index=self._lowest,
            balance_raw=self._turn if self._balancing else 0,
            alarms_raw=self._alarms_raw(),
            frame_delta_mv=cells_mv[self._highest] - cells_mv[self._lowest],
            balance_ma=self._balance_ma(),
            trigger_mv=self.settings["trigger_mv"],
            max_balance_ma=self.settings["max_balance_ma"],
            balancing_raw=self.settings["balancing_enabled"],
            cells_configured=self.settings["cell_count"],
            temperature_raw=round(10 * self.temperature_c),
            cells_mv=array("H", cells_mv + [0] * (CELL_SLOTS - len(cells_mv))),
        )

    @property
    def is_answering(self) -> bool:
        """Whether it has had its supply for long enough to answer."""
        return self._on_s >= START_S

    def _tick(self):
        self.pack.step(self._tick_s)
        if self._supply and not self._draw(self._supply):
            return
        if self._balancing:
            self._transfer(self._balance_ma() / 1000 * self._tick_s)
        self._warm()
        self._measure()
        self._decide()

    def _draw(self, supply: Supply) -> bool:
        """Take the supply current from the pack; returns whether the balancer works."""
        is_on = supply.is_on()
        charge_as = supply.current_ma(is_on, self._balancing) / 1000 * self._tick_s
        for cell in self.pack.cells:
            cell.move(-charge_as)
        self._on_s = min(self._on_s + self._tick_s, START_S) if is_on else 0.0
        if not is_on:
            self._balancing = False
        return self.is_answering

    def _transfer(self, charge_as: float):
        """Transfer a tick's charge, and change direction when the supercapacitor is full or empty."""
        if self._turn == DISCHARGING_HIGHEST:
            self.pack.cells[self._highest].move(-charge_as)
            self.capacitor_as += charge_as
            self.moved_as += charge_as
            if self.capacitor_as >= CAPACITOR_AS:
                self._turn = CHARGING_LOWEST
        else:
            charge_as = min(charge_as, self.capacitor_as)
            self.capacitor_as -= charge_as
            self.pack.cells[self._lowest].move(charge_as * EFFICIENCY)
            if self.capacitor_as <= 0:
                self._turn = DISCHARGING_HIGHEST

    def _warm(self):
        """Approach the temperature that the present current leads to."""
        rise_c = _IDLE_RISE_C + _FULL_CURRENT_RISE_C * self._balance_ma() / _FULL_CURRENT_MA
        self.temperature_c += (_AMBIENT_C + rise_c - self.temperature_c) * self._tick_s / _WARMING_S

    def _measure(self):
        errors_mv = self.pack.lead_errors_mv
        terminals_mv = self.pack.terminals_mv()
        self._cells_mv = [
            round(voltage_mv + error_mv + self._error_mv())
            for voltage_mv, error_mv in zip(terminals_mv, errors_mv, strict=True)
        ]
        self._connected = [cell for cell, voltage_mv in enumerate(self._cells_mv) if voltage_mv > 0]
        self._highest = max(self._connected, key=self._cells_mv.__getitem__, default=0)
        self._lowest = min(self._connected, key=self._cells_mv.__getitem__, default=0)

    def _error_mv(self) -> float:
        return self._noise.uniform(-_NOISE_MV, _NOISE_MV) if self._noise else 0.0

    def _decide(self):
        """Balancing starts above the trigger and ends below it; in between it stays as it is."""
        delta_mv = self._cells_mv[self._highest] - self._cells_mv[self._lowest]
        trigger_mv = self.settings["trigger_mv"]
        if not self.settings["balancing_enabled"] or self._count_is_wrong() or delta_mv < trigger_mv:
            self._balancing = False
        elif delta_mv > trigger_mv:
            self._balancing = True

    def _alarms_raw(self) -> int:
        wire = WIRE_RESISTANCE_BIT if self.pack.has_loose_lead else 0
        return wire | (CELL_COUNT_BIT if self._count_is_wrong() else 0)

    def _count_is_wrong(self) -> bool:
        return len(self._connected) != self.settings["cell_count"]

    def _balance_ma(self) -> int:
        return self.settings["max_balance_ma"] if self._balancing else 0
