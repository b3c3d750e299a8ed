"""The two heaps of an ESP32: MicroPython's GC heap, and ESP-IDF's heap, from which Wi-Fi, sockets and TLS allocate.

boards/host.py uses it too, where the interpreter has a module `esp32`.

Unproven on a board: checked against MicroPython 1.29, ports/esp32/modesp32.c, gccollect.c and py/modgc.c.
"""

import sys

import esp32

from evencell.compat import mem_alloc, mem_free

# evencell's own firmware (boards/micropython) names itself so. Its GC heap is one area that can't grow, and `mem_free`
# counts nothing else.
_CAN_GROW = "evencell" not in getattr(sys.implementation, "_machine", "")
_PSRAM_BYTES = 1_000_000  # no region of a chip's internal memory is so large


def gc_heap() -> tuple[int, int]:
    """Bytes of the GC heap, and how many of them are free.

    Where the GC heap can grow, `mem_free` also counts the largest block of ESP-IDF's heap.
    """
    growable = 0
    if _CAN_GROW:
        for region in esp32.idf_heap_info(esp32.HEAP_DATA):
            growable = max(growable, region[2])
    free = mem_free() - growable
    return mem_alloc() + free, free


def network_heap() -> tuple[int, int]:
    """Bytes that are free in ESP-IDF's heap, and the largest block; PSRAM is left out."""
    free = largest = 0
    for region in esp32.idf_heap_info(esp32.HEAP_DATA):  # (total, free, largest block, least free so far)
        if region[0] < _PSRAM_BYTES:
            free += region[1]
            largest = max(largest, region[2])
    return free, largest


def has_psram() -> bool:
    """Whether one of the regions is PSRAM."""
    return any(region[0] >= _PSRAM_BYTES for region in esp32.idf_heap_info(esp32.HEAP_DATA))
