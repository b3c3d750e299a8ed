"""Weighs modules on MicroPython. The argument: two lists of names, `here` and `chip`. Prints the bytes of heap that
each takes, and how many were `free` at first.

Hardware that isn't here is made up: nothing is done with it.
"""

import gc
import json
import sys


class Anything:
    """Has every name."""

    def __getattr__(self, _name):
        return Anything()


def weight(names):
    """Heap that these modules take, after all that they have in common with the rest."""
    gc.collect()
    before = gc.mem_alloc()
    for name in names:
        __import__(name)
    gc.collect()
    return gc.mem_alloc() - before


gc.collect()
result = {"free": gc.mem_free()}
here, chip = json.loads(sys.argv[1])
if here:
    for hardware in ("machine", "network", "esp32"):
        sys.modules[hardware] = Anything()
    weight(["evencell.app", "evencell.display.tasks"])
    result["here"] = weight(here)
    result["chip"] = weight(chip)
print(json.dumps(result))
