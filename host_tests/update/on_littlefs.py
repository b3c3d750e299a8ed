"""Runs on MicroPython: updates on its own littlefs, in the image of a chip's file system, into each slot in turn.

Arguments: the image, the body, the header. Prints what each took: `erased` blocks, `written` bytes, `most`: blocks that
were erased in one step, between which others run.
"""

import json
import sys

import vfs  # pyright: ignore[reportMissingImports] (of MicroPython alone)

from evencell.runtime.lazy import call, keep_modules
from evencell.update import slot_check, state
from host_tests.update.test_slot_writer import Board, Upload

BLOCK_BYTES = 4096
PIECE_BYTES = 512


class Flash:
    """A block device that counts."""

    def __init__(self, data: bytearray):
        self.data = data
        self.erased = self.written = 0

    def readblocks(self, number: int, buffer, offset: int = 0):
        at = number * BLOCK_BYTES + offset
        buffer[:] = self.data[at : at + len(buffer)]

    def writeblocks(self, number: int, buffer, offset: int = 0):
        at = number * BLOCK_BYTES + offset
        self.data[at : at + len(buffer)] = buffer
        self.written += len(buffer)

    def ioctl(self, what: int, _number: int):
        if what == 4:
            return len(self.data) // BLOCK_BYTES
        if what == 5:
            return BLOCK_BYTES
        self.erased += what == 6
        return 0


def update(flash: Flash, body: bytes, header: dict, slot: str) -> dict:
    upload = Upload(body, header["manifest"])
    upload.header, upload.slot = header, slot
    erased, written, most = flash.erased, flash.written, 0

    def step(function, *arguments):
        nonlocal most
        before = flash.erased
        result = function(*arguments)
        most = max(most, flash.erased - before)
        return result

    step(slot_check.begin, upload)
    for at in range(0, len(body), PIECE_BYTES):
        data, taken = body[at : at + PIECE_BYTES], 0
        while taken < len(data):
            taken += step(call, upload.writer, "write", upload, data[taken:])
    while not step(call, upload.writer, "is_complete", upload):
        pass
    step(slot_check.finish, upload)
    step(state.begin, upload)
    step(slot_check.activate, upload)
    return {"erased": flash.erased - erased, "written": flash.written - written, "most": most}


def main(image: str, body: str, header: str):
    keep_modules(True)
    with open(image, "rb") as file:
        flash = Flash(bytearray(file.read()))
    vfs.mount(vfs.VfsLfs2(flash, readsize=32, progsize=32, lookahead=32), "/flash")
    Board.storage = "/flash"
    with open(body, "rb") as file:
        content = file.read()
    for slot in ("b", "a", "b"):
        print(json.dumps(update(flash, content, json.loads(header), slot)))
    vfs.umount("/flash")
    with open(image, "wb") as file:
        file.write(flash.data)


if __name__ == "__main__":
    main(*sys.argv[1:])
