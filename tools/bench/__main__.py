"""`make bench`: measures, prints a table with target and limit, writes `build/bench.json`."""

import json
import operator
import sys

from rich.console import Console
from rich.table import Table

from tools.bench import backlog, boot, display, heap, jitter, ledger, noise, policies, poll, sizes, wake, wear, web
from tools.bench.chip import bench as chip
from tools.build.common import BUILD

# Figure → what it must be. A figure without one is reported.
TARGETS = {
    "poll.wire_efficiency": (operator.ge, 0.98),
    "poll.alloc_bytes": (operator.le, 1024),
    "poll.kept_bytes": (operator.le, 0),
    "poll.jitter_ms_p99": (operator.le, 50),
    "poll.attacked_jitter_ms_p99": (operator.le, 50),
    "noise.wrong_accepted": (operator.le, 0),
    "noise.good_rejected": (operator.le, 0),
    "noise.recovery_frames": (operator.le, 0),
    "display.ssd1306.stall_ms": (operator.le, 20),
    "display.sh1106.stall_ms": (operator.le, 20),
    "display.st7789.stall_ms": (operator.le, 20),
    "display.ili9341.stall_ms": (operator.le, 20),
    "backlog.lost": (operator.le, 0),
    "policy.most_writes_a_day": (operator.le, 24),
    "heap.full_64_kib": (operator.le, 176),
    "heap.display_64_kib": (operator.le, 90),
    "heap.telemetry_64_kib": (operator.le, 96),
    "boot.first_reading_ms": (operator.le, 150),
    "wake.own_ms": (operator.le, 100),
    "mpy.resident_bytes": (operator.le, 52 * 1024),
    "http.page_bytes": (operator.le, 40_000),
    "http.status_rps": (operator.ge, 0.5),
    "mpy.total_bytes": (operator.le, 212 * 1024),
    **chip.TARGETS,
}
_SIGNS = {operator.ge: "≥", operator.le: "≤"}


def main():
    figures = {}
    for group in (poll, boot, wake, jitter, display, web, sizes, ledger, heap, chip, wear, backlog, noise, policies):
        print(f"measuring {group.__name__.removeprefix('tools.bench.')} ...", file=sys.stderr, flush=True)
        figures.update(group.measure())
    Console().print(table(figures))
    BUILD.mkdir(exist_ok=True)
    (BUILD / "bench.json").write_text(json.dumps(figures, indent=1) + "\n")


def table(figures: dict) -> Table:
    """Every figure with its target, and whether it is met."""
    result = Table(box=None, pad_edge=False)
    for title in ("figure", "value", "unit", "target", ""):
        result.add_column(title, justify="right" if title == "value" else "left")
    for name, figure in figures.items():
        compare, limit = TARGETS.get(name, (None, None))
        target = f"{_SIGNS[compare]} {limit}" if compare else "reported"
        verdict = "" if compare is None else "met" if compare(figure["value"], limit) else "[red]NOT MET"
        result.add_row(name, str(figure["value"]), figure["unit"], target, verdict)
    return result


if __name__ == "__main__":
    main()
