"""Writes an image of evencell's own firmware into the application partition that isn't running. Lazy.

`upload`: as for upload.py. The boot loader goes on with the partition that runs
until `Firmware.activate` at the end (docs/firmware.md).
"""

from binascii import hexlify
from hashlib import sha256

from evencell.compat import const

_BLOCK_BYTES = const(4096)  # of the flash; it is erased in these
_ERASED = b"\xff"


def begin(upload):
    """Prepare the first block; refuses an image that is larger than the partition."""
    upload.firmware = upload.context.board.firmware()
    room = upload.firmware.size_bytes
    if upload.size > room:
        text = "this image takes %d bytes, and the partition %s has %d: flash the device over USB (`make flash`)"
        raise upload.refusal(507, text % (upload.size, upload.slot, room))
    upload.whole = sha256()
    upload.block = bytearray(_BLOCK_BYTES)
    upload.block_left = _BLOCK_BYTES  # of this block
    upload.number = 0
    upload.writer = upload.closer = "evencell.update.partition_writer"


def write(upload, data) -> int:
    """Take data for the block, and write it once it is full; returns how many bytes were taken."""
    count = min(len(data), upload.block_left)
    at = _BLOCK_BYTES - upload.block_left
    upload.block[at : at + count] = data[:count]
    upload.whole.update(data[:count])
    upload.block_left -= count
    if not upload.block_left:
        _write_block(upload)
    return count


def is_complete(upload) -> bool:
    """Whether all is written; the last block is filled up first."""
    if upload.block_left < _BLOCK_BYTES:
        at = _BLOCK_BYTES - upload.block_left
        upload.block[at:] = _ERASED * upload.block_left
        _write_block(upload)
        return False
    return True


def finish(upload):
    """Verify the whole."""
    if hexlify(upload.whole.digest()).decode() != upload.header["sha256"]:
        raise upload.refusal(400, "this image arrived damaged: its hash is another than its header says")


def activate(upload):
    """Let the boot loader start it next: the last step of all."""
    try:
        upload.firmware.activate()
    except OSError:
        raise upload.refusal(400, "the boot loader takes this image for damaged: it is no application for this chip")


def _write_block(upload):
    upload.firmware.write(upload.number, upload.block)
    upload.number += 1
    upload.block_left = _BLOCK_BYTES
