"""Runs before main.py: claims memory for the network and for Python, then puts a whole slot (folder `a` or `b`) first
on the path, and counts the boots that end early.

`slot` holds its name and a note: "b new" (deployed, not proven yet), "a fell-back: …" (why b was left). `boots` holds
how many boots of which slot in a row did not last 5 minutes, this one included, and that number twice: "2 2 b". Where
they differ, the file is damaged. Earlier versions wrote "2 b". See docs/recovery.md.
`claim` holds what to claim instead of the slot's plan: bytes, or "off" (runtime/plan.py writes it; docs/memory.md).
`wake.json` is there where the device sleeps between its readings (docs/power.md).
"""

import gc
import hashlib
import json
import os
import sys
from binascii import hexlify


def claim_memory():
    """Start the Wi-Fi driver, then grow the GC heap to its planned size, as long as both find large blocks.

    Returns an object that must stay referenced. Without a plan, and for a device that sleeps, nothing is claimed.
    """
    slot = read("slot")[:1]
    path = "%s/plan" % (slot if slot in ("a", "b") else "a")
    plan = {}
    largest = 0
    if reset_cause() == "wake" or size_of("wake.json") or not size_of(path):
        return None
    with open(path) as file:
        while line := file.readline(99):
            key, _, value = line.strip().partition(" ")
            plan[key] = value
            if key in ("gc", "lives"):
                largest = max([largest] + [int(word) for word in value.split() if word.isdigit()])
    wanted = read("claim")
    if wanted != "off" and not (wanted.isdigit() and int(wanted) <= largest):
        wanted = plan.get("gc", "0")  # no claim, or a damaged one
    if plan.get("network", "0") == "0" or wanted == "off":
        return None
    if plan["network"] == "1":  # else a cable
        import network

        network.WLAN(network.STA_IF).active(True)
    return grow(int(wanted), path)


def grow(wanted, path):
    """Make the GC heap `wanted` bytes large by one allocation that it has no room for; returns what keeps it so.

    `read` allocates all it is asked for and then shrinks it in place to the few bytes that the file has. These stay in
    the new area: MicroPython would free an empty one, or one with nothing but a single block of 16 bytes at its start.
    Source: MicroPython's py/gc.c (gc_try_add_heap, gc_sweep_free_blocks) and py/stream.c.
    """
    import esp32

    gc.collect()
    largest = max([region[2] for region in esp32.idf_heap_info(esp32.HEAP_DATA)])
    now = gc.mem_alloc() + gc.mem_free() - largest  # mem_free() counts that block too
    more = wanted - now
    if more < 1024 or now + largest > 524_288 or size_of(path) < 16:  # it is so large, or can grow into PSRAM
        return None
    area = more + more * 3 // 128  # the tables of an area take 3/128 of it
    request = area - 1952
    release = filled = None
    if area < now:
        release = occupy(largest - area)
        filled = [bytearray(4096) for _ in range((now - gc.mem_alloc()) // 4096 - 3)]
        request //= 2  # more than is free in one piece now; the new area takes all of the largest block
    try:
        with open(path, "rb") as file:
            kept = file.read(request)
    finally:
        if release:
            release()
    del filled
    gc.collect()
    return kept


def occupy(size):
    """Occupy `size` bytes of ESP-IDF's heap by the stack of a thread; returns the function that ends the thread.

    An area is at least as large as the heap is already, unless there is no block of that size: then it takes the
    largest one whole. Source: MicroPython's py/gc.c (gc_try_add_heap) and ports/esp32/mpthreadport.c.
    """
    import _thread
    import time

    lock = _thread.allocate_lock()
    lock.acquire()
    _thread.stack_size(size)
    _thread.start_new_thread(lock.acquire, ())
    _thread.stack_size(0)

    def release():
        lock.release()
        time.sleep(0.05)  # FreeRTOS's idle task frees the stack

    return release


def size_of(path):
    """Bytes of a file, 0 where there is none."""
    try:
        return os.stat(path)[6]
    except OSError:
        return 0


def choose():
    """The slot to start, or None where neither is whole. A wake from deep sleep reads `slot`, and that is all."""
    cause = reset_cause()
    name, _, note = read("slot").partition(" ")
    slot = name if name in ("a", "b") else "a"
    if cause == "wake" and slot == name:
        return slot
    other = "b" if slot == "a" else "a"
    words = read("boots", "0").split(" ")
    count = words[0]
    early = 1  # damaged: all is checked
    if words[-1] == other:
        early = 0
    elif count in ("0", "1", "2", "3", "4") and words[1:2] in ([], [count], [slot]):
        early = int(count)
    if early or slot != name or not (note == "" or note.startswith("fell-back: ")):
        fault = fault_in(slot)
        reason = "%s ended early 3 times" % slot if note == "new" and early >= 3 and not fault else fault
        other_fault = reason and fault_in(other)
        if fault and other_fault:
            print("evencell can't start: %s, and %s. Deploy it again." % (fault, other_fault))
            return None
        if reason and not other_fault:
            write("slot", "%s fell-back: %s" % (other, reason))
            slot, early = other, 0
    count = 1 if cause == "power" else min(early, 3) + 1
    write("boots", "%d %d %s" % (count, count, slot))
    return slot


def fault_in(slot):
    """Name the first file of a slot that does not match its manifest, in a few words; "" if all match."""
    name = "manifest.json"
    try:
        with open("%s/%s" % (slot, name)) as file:
            if not file.readline(200).endswith('"files": {\n'):
                raise ValueError
            while (line := file.readline(200)) != "}}":
                entry, _end = json.loads("[{%s},0]" % line.strip().rstrip(","))  # as evencell.storage.files.from_json
                name = next(iter(entry))
                if digest_of("%s/%s" % (slot, name)) != entry[name]:
                    raise ValueError
                name = "manifest.json"
            if not file.read(1):
                return ""
    except Exception:
        pass
    return "%s is damaged in %s" % (name[:60], slot)


def digest_of(path):
    """Bytes and SHA-256 of a file."""
    sha, size_bytes, piece = hashlib.sha256(), 0, bytearray(512)
    with open(path, "rb") as file:
        while count := file.readinto(piece):
            sha.update(memoryview(piece)[:count])
            size_bytes += count
    return [size_bytes, hexlify(sha.digest()).decode()]


def limit_wake():
    """Start the watchdog of a device that sleeps, or let it sleep an hour where three starts in a row ended early.

    A wake that fails must not end at the prompt, where it would empty the pack. Nothing happens after a soft reset: an
    owner is at the prompt.
    """
    if not size_of("wake.json"):
        return
    import machine

    cause = machine.reset_cause()
    if cause == machine.SOFT_RESET:
        return
    if cause in (machine.HARD_RESET, machine.WDT_RESET) and read("boots")[:1] == "4":
        machine.deepsleep(3_600_000)
    machine.WDT(timeout=120_000)


def reset_cause():
    """ "wake" from deep sleep, "power", or "" for anything else. Where that is unknown: power."""
    try:
        import machine

        cause = machine.reset_cause()
        return "wake" if cause == machine.DEEPSLEEP_RESET else "power" if cause == machine.PWRON_RESET else ""
    except Exception:
        return "power"


def read(path, missing=""):
    """The text of a small file, `missing` where there is none, "" where it can't be read."""
    try:
        with open(path) as file:
            return file.read(99).strip()
    except Exception as error:
        return missing if isinstance(error, OSError) and error.errno == 2 else ""


def write(path, text):
    """Write by rename; a flash that is full or broken must not keep the device from starting."""
    try:
        with open(path + ".new", "w") as file:
            file.write(text)
        os.rename(path + ".new", path)
    except Exception as error:
        print("%s can't be written: %s" % (path, error))


try:
    _claimed = claim_memory()
except ImportError:
    pass  # the unix port, which has neither a radio nor a second heap
except Exception as error:
    print("memory for the network can't be claimed:", error)
try:
    chosen = choose()
    if chosen:
        sys.path.insert(0, chosen)
except Exception as error:
    print("evencell can't start:", error)
try:
    limit_wake()
except ImportError:
    pass
except Exception as error:
    print("the watchdog can't be started:", error)
# main.py runs in the same namespace: what stays here stays in memory.
for name in (
    "claim_memory",
    "grow",
    "size_of",
    "occupy",
    "choose",
    "limit_wake",
    "fault_in",
    "digest_of",
    "reset_cause",
    "read",
    "write",
):
    del globals()[name]
