"""Runs on the port with a chip's two heaps, after boot.py: prints what both have now, and after more collections."""

import gc
import json

import esp32
import network


def totals():
    regions = esp32.idf_heap_info(esp32.HEAP_DATA)
    largest = max([region[2] for region in regions])
    return gc.mem_alloc() + gc.mem_free() - largest, sum([region[1] for region in regions])


result = {"wifi": network.WLAN(network.STA_IF).active()}
result["gc_total"], result["free"] = totals()
for _ in range(3):
    bytearray(8_000)
    gc.collect()
result["gc_total_later"], _ = totals()
print(json.dumps(result))
