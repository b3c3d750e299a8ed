"""Checks an image of files before the slot that isn't running is touched, and at the end. Lazy.

First its room and its manifest; at last the whole, and then boot.py may start it. The slot keeps its old files until
its new manifest is there and right as a whole; then they are removed. `upload`: as for upload.py; open files, hashes
and counts are kept there from call to call.
"""

import os
from binascii import hexlify
from hashlib import sha256

from evencell.compat import const
from evencell.storage.files import from_json
from evencell.storage.paths import exists
from evencell.update import slot_steps

_LINE_BYTES = const(200)  # as boot.py reads a manifest; its format: tools/build/slots.py
_LAST_LINE = "}}"
_ENTRIES_AT_ONCE = const(8)
_SPARE_BLOCKS = const(8)  # for the small files outside the slots
_FOLDER_BLOCKS = const(2)  # littlefs keeps each folder in a pair of blocks
_FOLDER = const(0x4000)
_NEVER = ("manifest.json", "boot.py", "main.py")
_IN_NAMES = "-_."
_WRITER = "evencell.update.slot_writer"


def begin(upload):
    """Refuse an image that has no room; else the writer takes its manifest."""
    root = upload.context.board.storage
    upload.folder = "%s/%s" % (root, upload.slot)
    upload.path = upload.folder + "/manifest.json.new"
    space = os.statvfs(root or "/")
    upload.block_bytes = space[0]
    free = space[3] if space[3] <= space[2] else 0  # a full littlefs may count more than it has
    upload.free_blocks = free + (_blocks_below(upload, upload.folder) if exists(upload.folder) else 0)
    _refuse_without_room(upload, _blocks(upload, upload.size))
    slot_steps.make_folders(upload.path)
    upload.file = open(upload.path, "wb")  # noqa: SIM115 - `upload` closes it
    upload.file_left = upload.header["manifest"]
    upload.sha, upload.whole, upload.digest = sha256(), sha256(), None
    upload.writer = _WRITER
    upload.closer = "evencell.update.slot_check"


def write(upload, _data) -> int:
    """Check some entries of the manifest: it promises what arrives, and nothing outside the slot. Takes no data.

    Once all are checked, remove some of the old files; once there are none, the writer goes on.
    """
    if upload.is_checked:
        if not slot_steps.remove_some(upload.folder, upload.path):
            upload.manifest = _opened(upload)
            upload.parent = None
            upload.writer = _WRITER
        return 0
    if upload.manifest is None:
        upload.manifest = _opened(upload)
        upload.sum = upload.header["manifest"]
        upload.needed_blocks = _blocks(upload, upload.sum)
        upload.parent = ""
    for _ in range(_ENTRIES_AT_ONCE):
        entry = _next_entry(upload)
        if entry is None:
            _end(upload)
            break
        _count(upload, *entry)
    return 0


def is_complete(upload) -> bool:
    """Never: the files are still to be made."""
    write(upload, b"")
    return False


def finish(upload):
    """Verify the whole: from now on the slot is one that boot.py may start."""
    if hexlify(upload.whole.digest()).decode() != upload.header["sha256"]:
        raise upload.refusal(400, "this image arrived damaged: its hash is another than its header says")
    if not slot_steps.commit(upload.folder + "/manifest.json", upload.manifest_digest):
        raise upload.refusal(507, "manifest.json could not be written: try again, and watch the storage on the page")


def activate(upload):
    """Let boot.py start the slot next: the last step of all."""
    slot_steps.activate(upload.context.board.storage + "/slot", upload.slot)


def _end(upload):
    """The manifest is right, if what it promises has room."""
    if upload.manifest.read(1) or upload.sum != upload.size:
        raise _damaged(upload)
    upload.manifest.close()
    upload.manifest = None
    _refuse_without_room(upload, upload.needed_blocks)
    if exists(upload.folder + "/manifest.json"):  # first of all: from now on the slot is not whole
        os.remove(upload.folder + "/manifest.json")
    upload.is_checked = True


def _opened(upload):
    """The manifest behind its first line, which names board and version as the header does."""
    file = open(upload.path)  # noqa: SIM115 - `upload` closes it
    first = {}
    try:
        line = file.readline(_LINE_BYTES)
        if line.endswith('"files": {\n'):
            first = from_json(line + _LAST_LINE)
    except ValueError:  # also where it is no UTF-8
        pass
    if not isinstance(first, dict) or any(first.get(key) != upload.header[key] for key in ("board", "version")):
        file.close()
        raise _damaged(upload)
    return file


def _next_entry(upload) -> tuple | None:
    """Path and size of the next file in the manifest; None at its end."""
    path, size = "", -1
    try:
        line = upload.manifest.readline(_LINE_BYTES)
        if line == _LAST_LINE:
            return None
        ((path, (size, digest)),) = from_json("{%s}" % line.strip().rstrip(",")).items()
        is_right = type(size) is int and size >= 0 and isinstance(digest, str) and len(digest) == 64
    except (ValueError, TypeError, AttributeError):  # also where there is more than one, or none
        is_right = False
    if not is_right:
        raise _damaged(upload)
    if not is_in_slot(path):
        raise upload.refusal(400, "manifest.json names a file that no slot has: %s" % path[:60])
    return path, size


def _count(upload, path: str, size: int):
    """Add a file to what is promised and what is needed."""
    parent = path.rpartition("/")[0]
    if parent != upload.parent:
        upload.needed_blocks += _FOLDER_BLOCKS
        upload.parent = parent
    upload.needed_blocks += _blocks(upload, size)
    upload.sum += size


def is_in_slot(path: str) -> bool:
    """Whether a path stays in the slot's folder, and is none that boot.py or MicroPython reads elsewhere."""
    for name in path.split("/"):
        if not name.strip(".") or not all(letter in _IN_NAMES or _is_plain(letter) for letter in name):
            return False
    return path not in _NEVER and not path.endswith(".new")


def _is_plain(letter: str) -> bool:
    return letter < "\x7f" and (letter.isalpha() or letter.isdigit())


def _damaged(upload):
    return upload.refusal(400, "manifest.json of this image is not that of a slot for %s" % upload.header["board"])


def _refuse_without_room(upload, blocks: int):
    if blocks + _SPARE_BLOCKS > upload.free_blocks:
        text = "too little room on the flash: %d KiB are needed, and %d KiB are free for them. Delete files of your own"
        kib = [count * upload.block_bytes // 1024 for count in (blocks + _SPARE_BLOCKS, upload.free_blocks)]
        raise upload.refusal(507, text % tuple(kib))


def _blocks(upload, size: int) -> int:
    return -(-size // upload.block_bytes)


def _blocks_below(upload, folder: str) -> int:
    """Blocks that the files of a folder take."""
    count = _FOLDER_BLOCKS
    for entry in os.ilistdir(folder):
        path = "%s/%s" % (folder, entry[0])
        if entry[1] == _FOLDER:
            count += _blocks_below(upload, path)
        else:
            count += _blocks(upload, entry[3] if len(entry) > 3 else os.stat(path)[6])
    return count
