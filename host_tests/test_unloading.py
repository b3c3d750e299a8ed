"""Modules of the link that are needed once are not kept by the objects that they make."""

import gc
import importlib
import sys
import weakref

import evencell.link
from host_tests.link.test_part import Context


def test_part_is_unloaded_after_the_start():
    """A closure or method of the module, kept by a poller or a scale, would keep all of its code."""
    sys.modules.pop("evencell.link.part", None)
    part = importlib.import_module("evencell.link.part")
    start = weakref.ref(part.start)
    context = Context((None, 1), (2, 2))
    part.start(context)
    del part, sys.modules["evencell.link.part"], evencell.link.part
    gc.collect()
    assert start() is None
    assert len(context.hub.packs) == 2
