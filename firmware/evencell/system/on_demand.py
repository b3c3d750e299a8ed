"""Letting go of modules: what is needed once or rarely is imported where it is needed, and forgotten after."""

import sys


def forget(*names: str):
    """Forget the modules of these full names. A module lives twice: in `sys.modules`, and as a name of its package."""
    for name in names:
        sys.modules.pop(name, None)
        package, _, own_name = name.rpartition(".")
        if hasattr(sys.modules.get(package), own_name):
            delattr(sys.modules[package], own_name)
