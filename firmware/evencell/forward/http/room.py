"""Makes room in the GC heap for a request. Lazy, loaded before its handler.

Where too little is free, the heap would grow, into the network's (docs/memory.md).
"""

import gc
import os

from evencell.compat import const, sleep_ms
from evencell.storage.paths import exists

_KB = const(1_000)
_BYTES_OF_CONFIG = const(2)  # of the heap, for each that config.json has
_TRIES = const(20)
_PAUSE_MS = const(100)


async def wait(context, needed: str):
    """Return once as much memory is free as a route needs (ROUTES of router.py); raises MemoryError.

    For the configuration, which only who is logged in may ask for, event streams end. Until the scope of the request
    is closed (lazy_response.py) new ones are refused; browsers try again by themselves.
    """
    needed_bytes = int(needed.rstrip("+")) * _KB
    path = context.board.config_path
    if "+" in needed and exists(path):
        needed_bytes += _BYTES_OF_CONFIG * os.stat(path)[6]
    for _ in range(_TRIES if "+" in needed else 1):
        gc.collect()
        if context.board.gc_heap()[1] >= needed_bytes:
            return
        if "+" in needed:
            context.heap.reserved = 1
            context.hub.wake()
            await sleep_ms(_PAUSE_MS)
    raise MemoryError
