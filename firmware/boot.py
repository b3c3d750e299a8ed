"""Runs before main.py: puts a whole slot (folder `a` or `b`) first on the path, and counts the boots that end early.

`slot` holds its name and a note: "b new" (deployed, not proven yet), "a fell-back: …" (why b was left). `boots` holds
how many boots of which slot in a row did not last 5 minutes, this one included: "2 b". See docs/recovery.md.
"""

import hashlib
import json
import os
import sys
from binascii import hexlify


def choose():
    """The slot to start, or None where neither is whole. A wake from deep sleep reads `slot`, and that is all."""
    cause = reset_cause()
    name, _, note = read("slot").partition(" ")
    slot = name if name in ("a", "b") else "a"
    if cause == "wake" and slot == name:
        return slot
    other = "b" if slot == "a" else "a"
    count, _, counted = read("boots", "0").partition(" ")
    early = 0 if counted == other else int(count) if count.isdigit() else 1  # 1: all is checked
    if early or note == "new" or slot != name:
        fault = fault_in(slot)
        reason = "%s ended early 3 times" % slot if note == "new" and early >= 3 and not fault else fault
        other_fault = reason and fault_in(other)
        if fault and other_fault:
            print("evencell can't start: %s, and %s. Deploy it again." % (fault, other_fault))
            return None
        if reason and not other_fault:
            write("slot", "%s fell-back: %s" % (other, reason))
            slot, early = other, 0
    write("boots", "%d %s" % (1 if cause == "power" else min(early, 3) + 1, slot))
    return slot


def fault_in(slot):
    """Which file of a slot is not as its manifest says, in a few words; "" where all are."""
    name = "manifest.json"
    try:
        with open("%s/%s" % (slot, name)) as file:
            manifest, _end = json.loads("[%s,0]" % file.read())  # as evencell.system.files.from_json
        files = manifest["files"]
        for name in files:
            if digest_of("%s/%s" % (slot, name)) != files[name]:
                break
        else:
            if files:
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


def reset_cause():
    """ "wake" from deep sleep, "power", or "" for anything else. Where nobody can tell, the power was switched on."""
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
    chosen = choose()
    if chosen:
        sys.path.insert(0, chosen)
except Exception as error:
    print("evencell can't start:", error)
# main.py runs in the same namespace: what stays here stays in memory.
for name in ("choose", "fault_in", "digest_of", "reset_cause", "read", "write"):
    del globals()[name]
