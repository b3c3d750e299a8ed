"""The memory plan of a build, as the build wrote it into the slot: file `plan`.

Lines `key value`: `network 0|1|cable`, `gc BYTES` (total of the GC heap, claimed by boot.py; 0: nothing is claimed),
`log BYTES`, `streams COUNT`, and `lives FEATURES…` for each largest set of features that was measured to live. A number
among the features is the `gc` of that set, where it is another. `names ID`: crash_file.py.
"""

import os
import sys

from evencell.compat import const
from evencell.runtime.lazy import call
from evencell.storage.data_files import open_data, path_of
from evencell.storage.files import replace
from evencell.storage.paths import exists

_LINE_BYTES = const(99)
_OFF = "off"
_CLAIM = "/claim"
_PARTS = {
    "evencell.forward.http.routes": "page",
    "evencell.forward.outbox.outbox": "journal",
    "evencell.history.recorder": "history",
    "evencell.forward.mqtt.forwarder": "mqtt",
    "evencell.forward.influx.writer": "mqtt",  # not measured; about as much
}


def load(path: str) -> tuple[dict, list]:
    """Numbers of the plan in this file by key, and the words of each line `lives`. What is damaged is left out."""
    numbers, lives = {}, []
    try:
        file = open_data(path)
        while line := file.readline(_LINE_BYTES):
            words = line.decode().split()
            if words[:1] == ["lives"]:
                lives.append(words[1:])
            elif len(words) == 2 and words[1].isdigit():
                numbers[words[0]] = int(words[1])
        file.close()  # pyright: ignore[reportAttributeAccessIssue] (missing from the stubs' BytesIO)
    except (OSError, ValueError):
        pass  # there is none: built for a computer
    return numbers, lives


def use(context):
    """Give the numbers of this build's plan to the memory policy, or what boot.py has claimed instead.

    The claim may be an older build's, or damaged: the GC heap is never meant to be larger than the plan's largest size.
    """
    numbers, lives = load(path_of("plan", __file__))
    planned = numbers.get("gc", 0)
    claim = _content(context.board.storage + _CLAIM) or ""
    size = 0 if claim == _OFF else planned
    if claim.isdigit():
        size = min(int(claim), max([planned] + [int(word) for words in lives for word in words if word.isdigit()]))
    context.heap.use_plan(size, numbers.get("log"), numbers.get("streams"))


def check(context, wanted: list[str]):
    """Compare what was started with the plan: log a set that does not live, and note what the next boot has to claim.

    `wanted`: modules of the parts that were started.
    """
    if context.board.network_heap() is None or context.safe_mode:
        return
    numbers, lives = load(path_of("plan", __file__))
    planned = str(numbers.get("gc", 0))
    features = features_of(context, wanted)
    claim = _OFF if features is None else _claim_for(context, planned, lives, features)
    path = context.board.storage + _CLAIM
    if features is not None and _content(path) == _OFF:  # nothing was claimed: there was no network to join before
        context.heap.use_plan(int(claim), numbers.get("log"), numbers.get("streams"))
    try:
        if claim == planned:
            if exists(path):
                os.remove(path)
        elif _content(path) != claim:
            replace(path, claim)
    except OSError as error:
        context.log.warning(call("evencell.storage.errors", "sentence", "claim", error))


def _claim_for(context, planned: str, lives: list, features: list[str]) -> str:
    """Size of the GC heap for these features; a fault of the configuration where they do not live together."""
    for words in lives:
        if all(feature in words for feature in features):
            return ([word for word in words if word.isdigit()] or [planned])[0]
    if lives and features and not context.heap.is_plentiful:
        fault = "memory: %s take more together than this board has; switch one off (docs/fits.md)"
        context.config_faults.append(fault % ", ".join(features))
        context.log.warning(context.config_faults[-1])
    return planned


def features_of(context, wanted: list[str]) -> list[str] | None:
    """Features of a plan that are running; None where there is no network."""
    if "evencell.net.part" not in wanted:
        return None
    features = {_PARTS[module] for module in wanted if module in _PARTS}
    if "evencell.forward.mqtt.forwarder" in wanted:
        mqtt = context.config["mqtt"]
        features |= {word for word in ("tls", "discovery") if mqtt[word]}
    if context.canvas:
        features.add("display")
    return sorted(features)


def running() -> str:
    """Features of a plan that are loaded now, in words; TLS and discovery count as MQTT."""
    names = {_PARTS[module] for module in _PARTS if module in sys.modules}
    if "evencell.display.screen" in sys.modules:
        names.add("display")
    return ", ".join(sorted(names)) or "nothing of the plan"


def _content(path: str) -> str | None:
    """Of a small file; None where there is none."""
    try:
        with open(path) as file:
            return file.read(_LINE_BYTES).strip()
    except (OSError, ValueError):
        return None
