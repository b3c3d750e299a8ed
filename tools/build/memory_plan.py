"""Which features live together in a board's memory, and the plan that a build takes along for boot.py.

The figures are in memory_figures.json, one row for each set that was measured:

- `chips`, `psram`, `delivery` (`files`: on MicroPython as it is offered; `own`: frozen into evencell's own firmware)
  and `features`: what was measured; `network`: false where that was without a network. `lives`: whether the device
  stayed reachable.
- `gc`: total bytes that boot.py claims for MicroPython's GC heap; 0: nothing is claimed.
- Of `gc_total` bytes of the GC heap `gc_peak` were allocated at most, and `gc_live` were left by a collection.
  `network_free` and `network_largest`: the least that ESP-IDF's heap, from which the network allocates, had free, in
  all and in one piece; `network_free_idle`: the same while nothing was used. `null`: not recorded, or it never came so
  far.
- `log`, `streams`: bytes of the log and event streams at once, where the row was measured with other than usual ones.
- `evidence`: what ran, and for how long.
"""

import json
from pathlib import Path
from typing import NamedTuple

from tools.build.select import can_have_display

FEATURES = ("page", "history", "mqtt", "tls", "journal", "discovery", "display")
FILES, OWN = "files", "own"  # deliveries
NETWORK_RESERVE_BYTES = 8_000  # what must stay free of ESP-IDF's heap
HANDSHAKE_RESERVE_BYTES = 6_000  # the same with TLS: its least is while a handshake takes memory for a moment
ROOMY_RESERVE_BYTES = 30_000  # the same with PSRAM or with evencell's own firmware
_FIGURES = Path(__file__).with_name("memory_figures.json")
CHIP_NAMES = {"esp32": "ESP32", "esp32c3": "ESP32-C3", "esp32s3": "ESP32-S3"}
_DELIVERIES = {FILES: "evencell as files on MicroPython", OWN: "evencell's own firmware"}


class Memory(NamedTuple):
    """What decides how much memory there is."""

    chip: str
    psram: bool
    delivery: str
    network: str  # as in a plan: 0, 1 or cable

    def __str__(self) -> str:
        return f"{CHIP_NAMES[self.chip]} {'with' if self.psram else 'without'} PSRAM, {_DELIVERIES[self.delivery]}"


def memory_of(board: dict, profile: str, delivery: str) -> Memory:
    """The memory of a board's data. A cable is counted as Wi-Fi, which takes more."""
    network = "0" if profile == "display" else "cable" if "ethernet" in board else "1"
    return Memory(board["chip"], "psram" in board, delivery, network)


def rows(memory: Memory) -> list[dict]:
    """The figures of this memory, with a network where it has one; none where nothing was measured.

    Where a set was measured more than once, its first row counts.
    """
    found = {}
    for row in json.loads(_FIGURES.read_text("utf-8"))["rows"]:
        if _is_of(row, memory):
            found.setdefault((frozenset(row["features"]), row.get("network", True)), row)
    return list(found.values())


def _is_of(row: dict, memory: Memory) -> bool:
    """PSRAM is counted alike on every chip: only a small part of what is measured lies in the chip's own memory."""
    is_of_chip = memory.chip in row["chips"] or memory.psram
    has_network = row.get("network", True)
    return (
        is_of_chip
        and (row["psram"], row["delivery"]) == (memory.psram, memory.delivery)
        and (has_network or memory.network == "0")
    )


def reserve_bytes(row: dict) -> int:
    """What had to stay free of ESP-IDF's heap for the verdict of this row."""
    if row["psram"] or row["delivery"] == OWN:
        return ROOMY_RESERVE_BYTES
    return HANDSHAKE_RESERVE_BYTES if "tls" in row["features"] else NETWORK_RESERVE_BYTES


def verdict(memory: Memory, features: frozenset[str]) -> tuple[bool | None, dict | None]:
    """Whether these features live together, and the row that says so; None, None where no row says anything.

    A set lives if a larger one does, and does not live if a smaller one does not.
    """
    measured = sorted(rows(memory), key=lambda row: len(row["features"]))
    for row in measured:
        if row["lives"] and features <= set(row["features"]):
            return True, row
    for row in measured:
        if not row["lives"] and set(row["features"]) <= features:
            return False, row
    return None, None


def living_sets(memory: Memory) -> list[dict]:
    """The rows of the largest sets that live: none of them is part of another."""
    alive = [row for row in rows(memory) if row["lives"]]
    return [row for row in alive if not any(set(row["features"]) < set(other["features"]) for other in alive)]


def plan_text(board: dict, memory: Memory, features: frozenset[str]) -> str:
    """The content of the file `plan` in the slot (firmware/evencell/runtime/plan.py)."""
    lives, chosen = verdict(memory, features)
    chosen = chosen if chosen and lives else {}
    lines = [f"network {memory.network}", f"gc {chosen.get('gc', 0) if memory.network != '0' else 0}"]
    lines += [f"{key} {chosen[key]}" for key in ("log", "streams") if key in chosen]
    for row in living_sets(memory):
        lines.append(" ".join(["lives", *in_order({*row["features"], *_impossible(board)}), str(row["gc"])]))
    return "\n".join(lines) + "\n"


def in_order(features) -> list[str]:
    """The features in their usual order."""
    return [feature for feature in FEATURES if feature in features]


def _impossible(board: dict) -> set[str]:
    """Features that cost this board nothing, for it can't have them: the configuration may still name them."""
    return set() if can_have_display(board) else {"display"}
