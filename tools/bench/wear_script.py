"""Runs on MicroPython: `micropython wear_script.py RECORD_BYTES BATCH RECORDS MAX_KIB`, prints how much was erased.

The journal's ring on a real littlefs, whose block device counts what is erased. It takes RECORDS in batches, as on a
day without a connection.
"""

import sys

import vfs  # pyright: ignore[reportMissingModuleSource] (of MicroPython alone)

BLOCK_BYTES = 4096
BLOCKS = 256


class Flash:
    """A block device in memory; `erased` counts blocks."""

    def __init__(self):
        self._data = bytearray(BLOCK_BYTES * BLOCKS)
        self.erased = 0

    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK_BYTES + offset
        buffer[:] = self._data[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        at = block * BLOCK_BYTES + offset
        self._data[at : at + len(buffer)] = buffer

    def ioctl(self, operation, _argument):
        if operation == 4:
            return BLOCKS
        if operation == 5:
            return BLOCK_BYTES
        if operation == 6:
            self.erased += 1
        return 0


def main(record_bytes: int, batch: int, records: int, max_kib: int):
    """Write, and print how many blocks were erased."""
    from evencell.system.ring import Ring

    flash = Flash()
    vfs.VfsLfs2.mkfs(flash)  # pyright: ignore[reportArgumentType] (no subclass, but all it needs)
    vfs.mount(vfs.VfsLfs2(flash), "/flash")  # pyright: ignore[reportArgumentType]
    ring = Ring("/flash/all", record_bytes, BLOCK_BYTES // (record_bytes + 4), max_kib // 8)
    before = flash.erased
    for _ in range(records // batch):
        ring.append(bytes(batch * record_bytes))
    print(flash.erased - before)


main(*[int(argument) for argument in sys.argv[1:]])
