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
    name, _, note = (read("slot") or "").strip().partition(" ")
    slot = name if name in ("a", "b") else "a"
    if cause == "wake" and slot == name:
        return slot
    early = early_boots(slot)
    if early or note == "new" or slot != name:
        slot = whole_slot(slot, note == "new" and early >= 3)
    if slot:
        early = early_boots(slot)
        write("boots", "%d %s" % (1 if cause == "power" else min(early, 3) + 1, slot))
    return slot


def whole_slot(slot, is_given_up):
    """This slot, or the other one where it is damaged or given up; None where there is nothing to fall back to."""
    fault = fault_in(slot)
    if not fault and not is_given_up:
        return slot
    other = "b" if slot == "a" else "a"
    other_fault = fault_in(other)
    if not other_fault:
        write("slot", "%s fell-back: %s" % (other, fault or "%s ended early 3 times" % slot))
        return other
    if not fault:
        return slot
    print("evencell can't start: %s, and %s. Deploy it again." % (fault, other_fault))
    return None


def fault_in(slot):
    """Which file of a slot is not as its manifest says, in a few words; None where all are."""
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
                return None
    except Exception:
        pass
    return "%s is damaged in %s" % (name[:60], slot)


def digest_of(path):
    """Bytes and SHA-256 of a file."""
    sha = hashlib.sha256()
    piece = bytearray(512)
    size_bytes = 0
    with open(path, "rb") as file:
        while True:
            count = file.readinto(piece)
            if not count:
                return [size_bytes, hexlify(sha.digest()).decode()]
            sha.update(memoryview(piece)[:count])
            size_bytes += count


def early_boots(slot):
    """How many boots of this slot in a row ended early; 1, so that all is checked, where that can't be read."""
    text = read("boots")
    words = (text or "").split()
    if text is None or words[1:] == ["b" if slot == "a" else "a"]:
        return 0
    return int(words[0]) if words and words[0].isdigit() else 1


def reset_cause():
    """ "wake" from deep sleep, "power", or "" for anything else. Where nobody can tell, the power was switched on."""
    try:
        import machine

        cause = machine.reset_cause()
        return "wake" if cause == machine.DEEPSLEEP_RESET else "power" if cause == machine.PWRON_RESET else ""
    except Exception:
        return "power"


def read(path):
    """The text of a small file, None where there is none, "" where it can't be read."""
    try:
        with open(path) as file:
            return file.read(99)
    except Exception as error:
        return None if isinstance(error, OSError) and error.errno == 2 else ""


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
for name in ("choose", "whole_slot", "fault_in", "digest_of", "early_boots", "reset_cause", "read", "write"):
    del globals()[name]
