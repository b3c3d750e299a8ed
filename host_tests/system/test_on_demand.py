"""Modules that are let go."""

import sys

from evencell.system.on_demand import forget


def test_a_forgotten_module_is_gone_from_both_places():
    import evencell.system
    import evencell.system.spelling

    forget("evencell.system.spelling")
    assert "evencell.system.spelling" not in sys.modules
    assert not hasattr(evencell.system, "spelling")


def test_what_was_never_imported_is_forgotten_without_harm():
    forget("evencell.system.never", "never.at.all")
