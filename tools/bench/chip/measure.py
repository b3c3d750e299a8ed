"""Measure which feature set runs with which delivery in the chip's model: rows of tools/build/memory_figures.json."""

import itertools
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from tools.bench.chip import deliveries
from tools.bench.chip.device import Delivery
from tools.bench.chip.life import Life, live
from tools.bench.chip.sets import SETS, FeatureSet
from tools.build.memory_plan import HANDSHAKE_RESERVE_BYTES, NETWORK_RESERVE_BYTES, ROOMY_RESERVE_BYTES, in_order

_SEGMENT_BYTES = 1_624  # what one takes of the second heap
GC_TO_SPARE_BYTES = 6_000  # between the peak and the planned size of the GC heap


class Limits(NamedTuple):
    """Least free bytes of the second heap, idle and in use, and its least largest block."""

    idle: int
    use: int
    handshake: int
    largest: int


# Idle: 20,000 bytes, less three TCP segments that may be under way at that moment.
FROM_FILES = Limits(20_000 - 3 * _SEGMENT_BYTES, NETWORK_RESERVE_BYTES, HANDSHAKE_RESERVE_BYTES, 6_000)
ROOMY = Limits(30_000, ROOMY_RESERVE_BYTES, ROOMY_RESERVE_BYTES, 12_000)


class Way(NamedTuple):
    """A delivery onto a chip, and how much memory must stay free."""

    name: str
    psram: bool
    delivery: str  # as in memory_figures.json
    limits: Limits
    of_profile: Callable[[str], Delivery]

    def free_in_use(self, case: "Case") -> int:
        """Bytes of the second heap that must stay free while this set is used."""
        return self.limits.handshake if "tls" in SETS[case.name].features else self.limits.use


WAYS = {
    "files": Way("files", False, "files", FROM_FILES, deliveries.files),
    "own": Way("own", False, "own", ROOMY, deliveries.own),
    "psram": Way("psram", True, "files", ROOMY, deliveries.psram),
}


class Case(NamedTuple):
    """A feature set on a way, and the total of the GC heap that the plan claims; 0: nothing is claimed.

    `is_promised`: the documents promise that it runs, and the tests check it.
    """

    name: str
    way: str
    gc_bytes: int = 0
    log_bytes: int | None = None  # of the log that the page shows, where it is less than usual
    is_promised: bool = True

    @property
    def has_network(self) -> bool:
        """Whether the radio is used."""
        return SETS[self.name].has_network

    @property
    def plan(self) -> str:
        """The text of the device's memory plan."""
        log = "" if self.log_bytes is None else f"log {self.log_bytes}\n"
        return f"network {int(self.has_network)}\ngc {self.gc_bytes}\n{log}"


CASES = (
    Case("display", "files"),
    Case("telemetry", "files", 119_500),
    Case("telemetry_tls", "files", 101_000),
    Case("page_history", "files", 122_000, 1_024),
    Case("page_mqtt", "files", 125_000, 256),
    Case("page_mqtt_discovery", "files", 126_000, 256),
    Case("page_mqtt_journal", "files", 125_400, 1_024, is_promised=False),
    Case("page_history_mqtt", "files", 130_000, is_promised=False),
    Case("page_history_display", "files", 130_000, is_promised=False),
    Case("full", "files", 130_000, is_promised=False),
    *(Case(name, "own") for name in SETS),
    *(Case(name, "psram") for name in ("full", "full_tls")),
)


@dataclass
class Measured:
    """A case and its run."""

    case: Case
    life: Life

    @property
    def wanted(self) -> FeatureSet:
        """The set."""
        return SETS[self.case.name]

    @property
    def way(self) -> Way:
        """The way."""
        return WAYS[self.case.way]

    @property
    def shortcomings(self) -> list[str]:
        """A sentence for each limit that was missed."""
        found = list(self.life.problems)
        idle, load = self.life.idle, self.life.load
        if not idle or not load:
            return found
        limits = self.way.limits
        use = self.way.free_in_use(self.case)
        if self.wanted.has_network:
            idle_limit = limits.idle if "tls" not in self.wanted.features else use
            found += _below("bytes free when idle", idle.least_free, idle_limit)
            found += _below("bytes free in use", load.least_free, use)
            found += _below("bytes in the largest block", load.least_largest, limits.largest)
        if self.case.gc_bytes and load.gc_total > self.case.gc_bytes + 2_048:
            found.append(f"the GC heap grew to {load.gc_total} bytes")
        if not self.way.psram and load.gc_total - load.gc_live_most < GC_TO_SPARE_BYTES:
            found.append(f"{load.gc_total - load.gc_live_most} bytes of the GC heap to spare")
        return found

    def row(self, minutes: float) -> dict:
        """The row of memory_figures.json."""
        idle, load = self.life.idle, self.life.load
        log = {} if self.case.log_bytes is None else {"log": self.case.log_bytes}
        return log | {
            "chips": ["esp32"],
            "psram": self.way.psram,
            "delivery": self.way.delivery,
            "features": in_order(self.wanted.features),
            "network": self.wanted.has_network,
            "lives": not self.shortcomings,
            "gc": self.case.gc_bytes,
            "gc_peak": load and load.gc_live_most,
            "gc_live": idle and idle.gc_live,
            "gc_total": load and load.gc_total,
            "network_free_idle": idle and idle.least_free,
            "network_free": load and load.least_free,
            "network_largest": load and load.least_largest,
            "evidence": f"model of the chip's two heaps, {minutes:g} simulated minutes of use",
        }


def _below(what: str, value: int, limit: int) -> list[str]:
    return [f"{value} {what}, below {limit}"] if value < limit else []


def measure(cases: Iterable[Case], minutes: float) -> list[Measured]:
    """Run the cases for so many simulated minutes of use, as many at once as there are processors."""
    cases = list(cases)
    for case in cases:
        WAYS[case.way].of_profile(SETS[case.name].profile)  # built before anything is timed
    with ProcessPoolExecutor() as pool:
        return list(pool.map(measured, cases, itertools.repeat(minutes)))


def measured(case: Case, minutes: float) -> Measured:
    """Run one case."""
    wanted = SETS[case.name]
    return Measured(case, live(WAYS[case.way].of_profile(wanted.profile), wanted, minutes, case.plan))
