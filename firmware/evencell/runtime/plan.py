"""The memory plan of a build, as the build wrote it into the slot: file `plan`. In memory only at the start.

Lines `key value`: `network 0|1|cable`, `gc BYTES` (total of the GC heap, claimed by boot.py; 0: nothing is claimed),
`log BYTES`, `streams COUNT`, and `lives FEATURES…` for each largest set of features that was measured to live. A number
among the features is the `gc` of that set, where it is another.
"""

import os

from evencell.compat import const
from evencell.storage.data_files import open_data
from evencell.system.files import exists, replace

_LINE_BYTES = const(99)
_OFF = "off"
_CLAIM = "/claim"
_PARTS = {
    "evencell.forward.http": "page",
    "evencell.forward.journal": "journal",
    "evencell.pack.history": "history",
    "evencell.forward.mqtt": "mqtt",
    "evencell.forward.influx": "mqtt",  # not measured; about as much
}


class Plan:
    """`gc` and `log`, bytes, `streams` (None where the plan does not say) and `lives`: (features, bytes of `gc`)."""

    def __init__(self):
        self.gc = 0
        self.log = self.streams = None
        self.lives = []


def load(path: str) -> Plan:
    """The plan in this file. What is missing or can't be understood keeps its default."""
    plan = Plan()
    try:
        file = open_data(path)
        while line := file.readline(_LINE_BYTES):
            _take(plan, line.decode().split())
        file.close()
    except (OSError, ValueError):
        pass  # there is none: built for a computer
    for number, (features, gc_bytes) in enumerate(plan.lives):
        plan.lives[number] = features, plan.gc if gc_bytes is None else gc_bytes
    return plan


def _take(plan: Plan, words: list[str]):
    if len(words) == 2 and words[0] in ("gc", "log", "streams") and words[1].isdigit():
        setattr(plan, words[0], int(words[1]))
    elif words and words[0] == "lives":
        numbers = [int(word) for word in words if word.isdigit()]
        features = [word for word in words[1:] if not word.isdigit()]
        plan.lives.append((features, numbers[0] if numbers else None))


def path_of(module_file: str) -> str:
    """Path of the plan beside the package `evencell` that this module's file is in."""
    return module_file.split("evencell/")[0] + "plan"


def use(context):
    """Give the numbers of this build's plan to the memory policy, or what boot.py has claimed instead."""
    plan = load(path_of(__file__))
    claim = _content(context.board.storage + _CLAIM)
    context.heap.use_plan(plan.gc if claim is None else int(claim) if claim.isdigit() else 0, plan.log, plan.streams)


def check(context, wanted: list[str]):
    """Compare what was started with the plan: log a set that does not live, and note what the next boot has to claim.

    `wanted`: modules of the parts that were started.
    """
    if context.board.network_heap() is None or context.safe_mode:
        return
    plan = load(path_of(__file__))
    features = features_of(context, wanted)
    claim = _OFF if features is None else str(_gc_bytes_for(context, plan, features))
    note_claim(context.board.storage + _CLAIM, claim, str(plan.gc))


def _gc_bytes_for(context, plan: Plan, features: list[str]) -> int:
    """Planned size of the GC heap for these features; a fault of the configuration where they do not live together."""
    for lives, gc_bytes in plan.lives:
        if all(feature in lives for feature in features):
            return gc_bytes
    if plan.lives and features and not context.heap.is_plentiful:
        fault = "memory: %s need more memory together than this board has; switch one of them off (docs/fits.md)"
        context.config_faults.append(fault % ", ".join(features))
        context.log.warning(context.config_faults[-1])
    return plan.gc


def features_of(context, wanted: list[str]) -> list[str] | None:
    """What of the features that a plan names is running; None where there is no network."""
    if "evencell.system.wifi" not in wanted:
        return None
    features = {_PARTS[module] for module in wanted if module in _PARTS}
    if "evencell.forward.mqtt" in wanted:
        mqtt = context.config["mqtt"]
        features |= {word for word in ("tls", "discovery") if mqtt[word]}
    if context.canvas:
        features.add("display")
    return sorted(features)


def note_claim(path: str, claim: str, planned: str):
    """Keep for boot.py what to claim, in a file that is there only where that is not what the plan says."""
    if claim == planned:
        if exists(path):
            os.remove(path)
    elif _content(path) != claim:
        replace(path, claim)


def _content(path: str) -> str | None:
    """Of a small file; None where there is none."""
    try:
        with open(path) as file:
            return file.read(_LINE_BYTES).strip()
    except (OSError, ValueError):
        return None
