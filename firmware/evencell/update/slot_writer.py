"""Writes an image of files into the slot that isn't running. Lazy.

First the manifest, which slot_check.py then checks; after it the files in its order. It is in memory longer than any
other of an upload: what is seldom needed is loaded for that. `upload`: as for upload.py.
"""

from binascii import hexlify
from hashlib import sha256

from evencell.runtime.lazy import call
from evencell.storage.files import from_json
from evencell.storage.paths import exists

_LAST_LINE = "}}"


def write(upload, data) -> int:
    """Take one step; returns how many bytes of `data` it took: 0 where it made the next file."""
    if upload.file is None:
        if not _open_next(upload):
            raise upload.refusal(400, "there are bytes behind the last file of this image")
        return 0
    return _append(upload, data)


def is_complete(upload) -> bool:
    """Whether every file is there; makes one that is empty."""
    return upload.file is None and not _open_next(upload)


def _append(upload, data) -> int:
    """Write a piece of the manifest, or of a file."""
    piece = data[: upload.file_left]
    upload.file.write(piece)
    upload.sha.update(piece)
    upload.whole.update(piece)
    upload.file_left -= len(piece)
    if not upload.file_left:
        upload.file.close()
        upload.file = None
        if upload.digest is None:
            upload.manifest_digest = _hex(upload.sha)
            upload.is_checked = False
            upload.writer = "evencell.update.slot_check"
        elif _hex(upload.sha) != upload.digest:
            raise upload.refusal(400, "%s arrived damaged: its hash is another than manifest.json says" % upload.name)
    return len(piece)


def _open_next(upload) -> bool:
    """Make the next file of the manifest; False where there is none."""
    line = upload.manifest.readline()
    if line == _LAST_LINE or not line:
        return False
    ((upload.name, (upload.file_left, upload.digest)),) = from_json("{%s}" % line.strip().rstrip(",")).items()
    path = "%s/%s" % (upload.folder, upload.name)
    if exists(path):
        raise upload.refusal(400, "%s is in manifest.json twice" % upload.name)
    parent = path.rpartition("/")[0]
    if parent != upload.parent:
        upload.parent = parent
        call("evencell.update.slot_steps", "make_folders", path)
    upload.file = open(path, "wb")  # noqa: SIM115 - `upload` closes it
    upload.sha = sha256()
    if not upload.file_left:
        _append(upload, b"")
    return True


def _hex(sha) -> str:
    return hexlify(sha.digest()).decode()
