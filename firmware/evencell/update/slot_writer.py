"""Writes an image of files into the slot that isn't running: the steps of slot_steps.py, one at each call. Lazy.

`upload` keeps what lasts from call to call, for this module is unloaded in between: `step`, the slot's `folder`, open
files, hashes and counts. Until the manifest is there and has been verified as a whole, the slot keeps its old files.
"""

import os
from binascii import hexlify
from hashlib import sha256

from evencell.compat import const
from evencell.storage.files import from_json
from evencell.storage.paths import exists
from evencell.update import slot_steps

_MANIFEST = "/manifest.json"  # its format: tools/build/slots.py and boot.py
_NEW = _MANIFEST + ".new"
_LINE_BYTES = const(200)  # as boot.py reads it
_LAST_LINE = "}}"
_ENTRIES_AT_ONCE = const(8)
_SPARE_BLOCKS = const(8)  # for the small files outside the slots
_FOLDER_BLOCKS = const(2)  # littlefs keeps each folder in a pair of blocks
_NEVER = ("manifest.json", "boot.py", "main.py")
_IN_NAMES = "-_."

_RECEIVE_MANIFEST, _CHECK, _REMOVE = const(0), const(1), const(2)  # steps
_OPEN, _RECEIVE_FILE, _DONE = const(3), const(4), const(5)


def begin(upload):
    """Prepare the first step; refuses an image that has no room."""
    root = upload.context.board.storage
    upload.folder = "%s/%s" % (root, upload.slot)
    space = os.statvfs(root or "/")
    upload.block_bytes = space[0]
    free = space[3] if space[3] <= space[2] else 0  # a full littlefs may count more than it has
    upload.free_blocks = free + (_blocks_below(upload, upload.folder) if exists(upload.folder) else 0)
    _refuse_without_room(upload, _blocks(upload, upload.size))
    slot_steps.make_folders(upload.folder + _NEW)
    upload.file = open(upload.folder + _NEW, "wb")  # noqa: SIM115 - `upload` closes it
    upload.left = upload.header["manifest"]
    upload.sha, upload.whole = sha256(), sha256()
    upload.step = _RECEIVE_MANIFEST


def write(upload, data) -> int:
    """Take one step; returns how many bytes of `data` it took: 0 for a step that needs none."""
    step = upload.step
    if step == _CHECK:
        _check_manifest(upload)
    elif step == _REMOVE:
        _remove(upload)
    elif step == _OPEN:
        _open_next(upload)
    elif step == _DONE:
        raise upload.refusal(400, "there are bytes behind the last file of this image")
    else:
        return _append(upload, data)
    return 0


def is_complete(upload) -> bool:
    """Whether every file is there; takes one of the steps that need no data."""
    if upload.step != _DONE:
        write(upload, b"")
    return upload.step == _DONE


def finish(upload):
    """Verify the whole, and let boot.py start the slot next. `upload.note()` keeps what that start needs."""
    if hexlify(upload.whole.digest()).decode() != upload.header["sha256"]:
        raise upload.refusal(400, "this image arrived damaged: its hash is another than its header says")
    if not slot_steps.commit(upload.folder + _MANIFEST, upload.manifest_digest):
        raise upload.refusal(500, "manifest.json could not be written: try again, and watch the storage on the page")
    upload.note()
    slot_steps.activate(upload.context.board.storage + "/slot", upload.slot)


def _append(upload, data) -> int:
    """Write a piece of the manifest, or of a file."""
    count = min(len(data), upload.left)
    piece = data[:count]
    upload.file.write(piece)
    upload.sha.update(piece)
    upload.whole.update(piece)
    upload.left -= count
    if not upload.left:
        upload.file.close()
        upload.file = None
        digest = hexlify(upload.sha.digest()).decode()
        if upload.step == _RECEIVE_MANIFEST:
            upload.manifest_digest = digest
            upload.step = _CHECK
        else:
            _verify(upload, digest)
    return count


def _verify(upload, digest: str):
    if digest != upload.digest:
        raise upload.refusal(400, "%s arrived damaged: its hash is another than manifest.json says" % upload.path)
    upload.step = _OPEN


def _check_manifest(upload):
    """Check some entries of the manifest: it promises what arrives, and nothing outside the slot."""
    if upload.manifest is None:
        upload.manifest = _opened_manifest(upload)
        upload.sum = upload.header["manifest"]
        upload.needed_blocks = _blocks(upload, upload.sum)
        upload.parent = ""
    for _ in range(_ENTRIES_AT_ONCE):
        entry = _next_entry(upload)
        if entry is None:
            _end_check(upload)
            return
        path, size, _ = entry
        parent = path.rpartition("/")[0]
        if parent != upload.parent:
            upload.needed_blocks += _FOLDER_BLOCKS
            upload.parent = parent
        upload.needed_blocks += _blocks(upload, size)
        upload.sum += size


def _end_check(upload):
    if upload.manifest.read(1) or upload.sum != upload.size:
        raise _damaged(upload)
    upload.manifest.close()
    upload.manifest = None
    _refuse_without_room(upload, upload.needed_blocks)
    if exists(upload.folder + _MANIFEST):  # first of all: from now on the slot is not whole
        os.remove(upload.folder + _MANIFEST)
    upload.step = _REMOVE


def _remove(upload):
    """Remove some of the old files."""
    if not slot_steps.remove_some(upload.folder, upload.folder + _NEW):
        upload.manifest = _opened_manifest(upload)
        upload.step = _OPEN


def _open_next(upload):
    """Make the next file of the manifest."""
    entry = _next_entry(upload)
    if entry is None:
        upload.manifest.close()
        upload.step = _DONE
        return
    upload.path, upload.left, upload.digest = entry
    path = "%s/%s" % (upload.folder, upload.path)
    if exists(path):
        raise upload.refusal(400, "%s is in manifest.json twice" % upload.path)
    slot_steps.make_folders(path)
    upload.file = open(path, "wb")  # noqa: SIM115 - `upload` closes it
    upload.sha = sha256()
    upload.step = _RECEIVE_FILE
    if not upload.left:
        _append(upload, b"")


def _opened_manifest(upload):
    """The manifest behind its first line, which names board and version as the header does."""
    file = open(upload.folder + _NEW)  # noqa: SIM115 - `upload` closes it
    line = file.readline(_LINE_BYTES)
    try:
        first = from_json(line + _LAST_LINE) if line.endswith('"files": {\n') else {}
    except ValueError:
        first = {}
    if not isinstance(first, dict) or any(first.get(key) != upload.header[key] for key in ("board", "version")):
        file.close()
        raise _damaged(upload)
    return file


def _next_entry(upload):
    """Path, size and hash of the next file in the manifest; None at its end."""
    path, size, digest = "", 0, ""
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
    return path, size, digest


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
        if entry[1] & 0x4000:
            count += _blocks_below(upload, path)
        else:
            count += _blocks(upload, entry[3] if len(entry) > 3 else os.stat(path)[6])
    return count
