"""What an owner plans: the board, how often it reads and reports, the pack, and the balancer's supply."""

from dataclasses import dataclass

from tools.build.tree import board_data
from tools.energy.figures import IDLE_MA

DAY_S = 86_400
CELL_V = {"lfp": 3.25, "nmc": 3.7, "lto": 2.3}  # of a cell that rests
SUPPLY_V = (8, 20)  # of the balancer
BALANCERS = ("on", "w", "v+")  # always on; switched off between readings at its pin W, or in its supply


@dataclass(frozen=True)
class Plan:
    """`report_s` 0: no report by Wi-Fi. `idle_ma`: of the board with its transceiver asleep, at 5 V, as the
    owner measured it; None: that of the table.
    """

    board: str
    interval_s: float = 900
    report_s: float = 21_600
    pack_ah: float = 20
    cells: int = 4
    chemistry: str = "lfp"
    usable: float = 0.8
    balancer: str = "on"
    converter: str = "lm2596"
    tls: bool = False
    bthome: bool = False
    idle_ma: float | None = None

    @property
    def chip(self) -> str:
        """The board's chip."""
        return board_data(self.board)["chip"]

    @property
    def is_known(self) -> bool:
        """Whether it is known what the board takes in deep sleep."""
        return self.idle_ma is not None or IDLE_MA[self.board] is not None

    @property
    def has_own_transceiver(self) -> bool:
        """Whether a transceiver beside the board has to be added to what the board takes."""
        return self.idle_ma is None and "transceiver" not in board_data(self.board)

    @property
    def pack_v(self) -> float:
        """Voltage of the resting pack."""
        return self.cells * CELL_V[self.chemistry]

    @property
    def reports_per_day(self) -> float:
        """Reports by Wi-Fi."""
        return DAY_S / self.report_s if self.report_s else 0

    @property
    def readings_per_day(self) -> float:
        """Wakes that read: each report also does."""
        return max(DAY_S / self.interval_s, self.reports_per_day)
