"""The two heaps of an ESP32: MicroPython's GC heap, and ESP-IDF's heap, from which Wi-Fi, sockets and TLS allocate.

boards/host.py uses it too, where the interpreter has a module `esp32`.

Unproven on a board: checked against MicroPython 1.29, ports/esp32/modesp32.c, gccollect.c and py/modgc.c.
"""

import esp32

from evencell.compat import mem_alloc, mem_free

_PSRAM_BYTES = 1_000_000  # no region of a chip's internal memory is so large


def gc_heap() -> tuple[int, int]:
    """Bytes of the GC heap, and how many of them are free.

    `mem_free` also counts the largest block of ESP-IDF's heap, because the GC heap could grow by that.
    """
    growable = 0
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
