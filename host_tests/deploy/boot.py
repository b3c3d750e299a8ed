"""A boot.py that keeps the contract of the slots and no more, for tests of what a deploy leaves behind."""

import hashlib
import json
import sys


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).digest().hex()


def is_whole(slot):
    try:
        with open(slot + "/manifest.json") as file:
            files = json.load(file)["files"]
        return all(digest(slot + "/" + path) == files[path][1] for path in files)
    except (OSError, ValueError, KeyError):
        return False


def chosen():
    try:
        with open("slot") as file:
            return file.read().split()[0]
    except OSError:
        return ""


if chosen() and is_whole(chosen()):
    sys.path.insert(0, chosen())
else:
    print("no slot to start")
