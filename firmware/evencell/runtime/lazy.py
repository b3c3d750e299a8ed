"""Lazy modules: loaded for a scope, and unloaded at its end with their imports (docs/architecture.md).

Where memory is plentiful nothing is unloaded: loading a module again would stop the event loop for nothing.
"""

import sys

_is_kept = False


def keep_modules(is_kept: bool):
    """Keep every module that is loaded from now on, or unload them again."""
    global _is_kept
    _is_kept = is_kept


def keeps_modules() -> bool:
    """Whether nothing is unloaded."""
    return _is_kept


class lazy:
    """Scope of one module: `with lazy("evencell.history.health") as health: …`, without an `await` in it.

    At its end all modules are unloaded that were imported within it. A scope that lasts longer is an object: `load`
    each module, `unload` at the end. Only what is imported at the top of such modules is tracked: imports in their
    functions stay loaded.
    """

    def __init__(self, name: str = ""):
        self._name = name
        self._before = ()
        self._loaded = []

    def __enter__(self):
        self._before = tuple(sys.modules)
        is_loaded = False
        try:
            module = __import__(self._name, None, None, ("*",))
            is_loaded = True
            return module
        finally:
            if not is_loaded:
                self.__exit__()

    def __exit__(self, *_):
        while not _is_kept and unload(_new_module(self._before)):
            pass  # takes no memory: there may be none

    def load(self, name: str):
        """The module of this name, imported if it is not in memory."""
        if _is_kept:
            return __import__(name, None, None, ("*",))
        before = tuple(sys.modules)
        try:
            return __import__(name, None, None, ("*",))
        finally:
            for new in sys.modules:
                if _is_new(new, before) and new not in self._loaded:
                    self._loaded.append(new)

    def unload(self):
        """Unload all that `load` imported."""
        while self._loaded:
            unload(self._loaded[-1])
            self._loaded.pop()  # not before: there may be no memory for it now, but the next time


def call(module: str, function: str, *arguments):
    """Call a function of a lazy module, in a scope of its own."""
    with lazy(module) as loaded:
        return getattr(loaded, function)(*arguments)


def unload(name: str) -> str:
    """Unload the module of this full name, but not what it imported; returns the name.

    A module is referenced twice: in `sys.modules`, and as a name of its package.
    """
    if not _is_kept:
        sys.modules.pop(name, None)
        package, _, own_name = name.rpartition(".")
        if hasattr(sys.modules.get(package), own_name):
            delattr(sys.modules[package], own_name)
    return name


def _new_module(before) -> str:
    """Name of a module that was imported since, or "" where there is none."""
    for name in sys.modules:
        if _is_new(name, before):
            return name
    return ""


def _is_new(name: str, before) -> bool:
    """Whether a module is one of the firmware's, and was not among these."""
    # Without dots: the build takes a string that ends in one for a prefix of modules to load (tools/build/imports.py).
    return ("evencell" in name or "boards" in name) and name not in before  # a computer has a thousand others
