"""Modules that are in memory only while they are needed: what is wanted once or rarely is imported then, and let go."""

import sys

_is_kept = False


def keep_modules(is_kept: bool):
    """Keep every module that is loaded from now on in memory, or unload them again."""
    global _is_kept
    _is_kept = is_kept


def keeps_modules() -> bool:
    """Whether nothing is unloaded."""
    return _is_kept


def call(module: str, function: str, *arguments):
    """What the module's function returns. The module (of `evencell.system`, unless named in full) is let go then."""
    name = module if "." in module else "evencell.system.%s" % module
    loaded = __import__(name, None, None, (function,))
    try:
        return getattr(loaded, function)(*arguments)
    finally:
        forget(name)


def forget(*names: str):
    """Unload the modules of these full names, unless modules are kept.

    A module lives twice: in `sys.modules`, and as a name of its package.
    """
    if _is_kept:
        return
    for name in names:
        sys.modules.pop(name, None)
        package, _, own_name = name.rpartition(".")
        if hasattr(sys.modules.get(package), own_name):
            delattr(sys.modules[package], own_name)
