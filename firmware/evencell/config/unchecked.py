"""A configuration that may have faults: reads it, and replaces it. Lazy; each step is a lazy module of its own."""

import gc
import os

from evencell.compat import const, sleep_ms
from evencell.config.edit_error import EditError
from evencell.runtime.lazy import call, unload
from evencell.storage.paths import exists

_NEEDED_BYTES = const(13_000)  # of the GC heap, to check all of it: code, and what counts where the file has nothing
_BYTES_OF_FILE = const(2)  # for each that the file has
_AUTH = "auth"
_COMPARED = ("profile", "http", "wifi", "power")  # by lockout.py, as in change.py


def read(context) -> dict:
    """What the file has; raises EditError where it is damaged, MemoryError where checking it takes too much memory."""
    reserve(context)
    faults = []
    given = call("evencell.config.load", "read_best", context.board.config_path, faults, [])[0]
    if faults:
        raise EditError("%s: correct config.json first" % faults[0])
    return given


async def read_all(context, load) -> tuple[dict, list[str]]:
    """The whole configuration, also of a damaged file, and a sentence for each fault; raises MemoryError as `read`.

    As check.py does it, in steps between which other tasks run; `load`: of a lazy handler (http/lazy_response.py).
    """
    reserve(context)
    board, faults = context.board, []
    given, repeated = call("evencell.config.load", "read_best", board.config_path, faults, [])
    call("evencell.config.load", "override", given, board.overrides)
    await sleep_ms(0)
    wrong, config = load("evencell.config.faults").Faults(repeated), {}
    load("evencell.config.kinds")  # a function of table.py imports it: it would stay
    for _ in load("evencell.config.complete").steps(given, wrong, config):
        await sleep_ms(0)
    for name in ("evencell.config.complete", "evencell.config.table", "evencell.config.kinds"):
        unload(name)
    for name in ("evencell.config.reconcile_control", "evencell.config.reconcile"):
        call(name, "reconcile", config, wrong)
        await sleep_ms(0)
    return config, faults + wrong.all()


def reserve(context):
    """Raise MemoryError where checking the file would make the GC heap grow (docs/memory.md)."""
    if context.heap.gc_limit:
        path = context.board.config_path
        size_bytes = os.stat(path)[6] if exists(path) else 0
        gc.collect()
        if context.board.gc_heap()[1] < _NEEDED_BYTES + _BYTES_OF_FILE * size_bytes:
            raise MemoryError


def replace(context, old: dict, new: dict) -> dict:
    """Check `new`, write it in the place of `old`, and use what can be used now; raises EditError.

    Faults that `old` has, too, are no obstacle. Returns `applied` and `restart` (keys) and `warnings`. What `old`
    says already is not written. `restart` has a section for whose use now there is no memory.
    """
    new.pop(_AUTH, None)
    if _AUTH in old:
        new[_AUTH] = old[_AUTH]
    config, faults = call("evencell.config.check", "check", new)
    if faults:
        old_faults = call("evencell.config.check", "check", old)[1]
        wrong = [fault for fault in faults if fault not in old_faults]
        if wrong:
            raise EditError(*wrong)
    packs, control = config["packs"], config["control"]
    for section in list(config):  # two whole configurations would take too much memory
        if old.get(section) == new.get(section) and section not in _COMPARED:
            del config[section]
    before = call("evencell.config.check", "sections", old, config)
    warnings = faults + call("evencell.config.lockout", "warnings", context.board, before, config)
    warnings += _policy_warnings(before, config, control, packs)
    for each in (before, config):
        call("evencell.config.load", "override", each, context.board.overrides)  # the command line wins over the file
    if not call("evencell.config.same", "is_same", old, new):
        call("evencell.config.edit", "write", context, new, not faults)
    applied, restart = [], []
    try:
        call("evencell.config.live", "use", context, before, config, applied, restart)
    except MemoryError:  # it is written
        restart += [section for section in config if old.get(section) != new.get(section)]
    return {"applied": applied, "restart": restart, "warnings": warnings}


def _policy_warnings(before: dict, config: dict, control: dict, packs: list) -> list[str]:
    """Of the policy; `before` and `config` lack what does not change, but for the sections to compare."""
    old = {"profile": before["profile"], "power": before["power"], "control": before.get("control", control)}
    new = {"profile": config["profile"], "power": config["power"], "control": control, "packs": packs}
    return call("evencell.config.policy_warning", "warnings", old, new)
