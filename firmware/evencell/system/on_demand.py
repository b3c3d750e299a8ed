"""Modules that are in memory only while they are needed: what is wanted once or rarely is imported then, and let go."""

import sys


def call(module: str, function: str, *arguments):
    """What the module's function returns. The module (of `evencell.system`, unless named in full) is let go then."""
    name = module if "." in module else "evencell.system." + module
    loaded = __import__(name, None, None, (function,))
    try:
        return getattr(loaded, function)(*arguments)
    finally:
        forget(name)


def forget(*names: str):
    """Forget the modules of these full names. A module lives twice: in `sys.modules`, and as a name of its package."""
    for name in names:
        sys.modules.pop(name, None)
        package, _, own_name = name.rpartition(".")
        if hasattr(sys.modules.get(package), own_name):
            delattr(sys.modules[package], own_name)
