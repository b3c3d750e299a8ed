"""The `chip.*` figures of `make bench`: what each promised set leaves of the second heap."""

import operator

from tools.bench.chip import first_contact, peaks
from tools.bench.chip.life import LONG_MINUTES
from tools.bench.chip.measure import CASES, FROM_FILES, WAYS, Case
from tools.bench.chip.measure import measure as lives_of


def figure_name(case: Case, what: str) -> str:
    """As in build/bench.json."""
    return f"chip.{case.name}_{case.way}.{what}"


_PROMISED = [case for case in CASES if case.is_promised and case.has_network]
TARGETS = {
    "chip.peak_over_idle": (operator.le, 8_192),
    "chip.setup_files.network_free_min": (operator.ge, FROM_FILES.use),
    "chip.setup_files.network_largest_min": (operator.ge, FROM_FILES.largest),
    **{figure_name(case, "network_free_min"): (operator.ge, WAYS[case.way].free_in_use(case)) for case in _PROMISED},
    **{figure_name(case, "network_largest_min"): (operator.ge, WAYS[case.way].limits.largest) for case in _PROMISED},
}


def measure() -> dict:
    """Figures of 20 simulated minutes each; a set that did not live has 0."""
    figures = peaks.measure() | first_contact.measure()
    for found in lives_of(_PROMISED, LONG_MINUTES):
        load = None if found.life.problems else found.life.load
        for what, value in (
            ("network_free_min", load and load.least_free),
            ("network_largest_min", load and load.least_largest),
        ):
            figures[figure_name(found.case, what)] = {"value": value or 0, "unit": "B"}
    return figures
