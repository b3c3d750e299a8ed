"""Runs on MicroPython: `wear_script.py journal SECONDS`, `history CELLS` or `extremes TIMES`; prints what a day erases.

The firmware's own outbox, or history, on a real littlefs whose block device counts what is erased. The day before it
has filled what a day fills: the outbox thins out by then.
"""

import sys

import vfs  # pyright: ignore[reportMissingModuleSource] (of MicroPython alone)

BLOCK_BYTES = 4096
BLOCKS = 256
FOLDER = "/flash"
NOON_S = 1_800_000_000
DAY_S = 86_400
MAX_KIB = 256  # the configuration's default
CHANGE_MV = 16  # so each reading is due


class Things:
    """Something with these attributes."""

    def __init__(self, **attributes):
        for name in attributes:
            setattr(self, name, attributes[name])


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


class Clock:
    """The time of day is known, and stands until `uptime_s` is moved."""

    uptime_s = 0

    def uptime_ms(self) -> int:
        return 1000 * self.uptime_s

    def unix_s(self) -> int:
        return NOON_S + self.uptime_s

    def unix_s_at(self, uptime_ms: int) -> int:
        return NOON_S + uptime_ms // 1000


def day_of_journal(seconds: int):
    """A function that lives through a day without a connection, a reading each so many seconds."""
    from evencell.forward.outbox.outbox import Outbox
    from evencell.pack.pack import Pack
    from evencell.pack.temperature import TemperatureScale
    from evencell.storage.faults import StorageFaults

    clock = Clock()
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("1"))
    status = pack.accepted
    for name in status.__slots__:
        if name != "cells_mv":
            setattr(status, name, 4)
    for cell in range(4):
        status.cells_mv[cell] = 3300
    rtc = Things(buffer=bytearray(1024), save=lambda: None)
    config = {
        "mqtt": {"enabled": True, "publish_s": seconds},
        "influx": {"url": None},
        "journal": {"max_kib": MAX_KIB},
        "packs": [{"model": "jk_b2a4s"}],
    }
    context = Things(
        config=config,
        clock=clock,
        log=Things(warning=lambda _: None),
        storage_faults=StorageFaults(clock, Things(warning=lambda _: None)),
        hub=Things(packs=[pack], subscribe=lambda _: None),
        board=Things(storage=FOLDER, rtc_memory=lambda: rtc),
    )
    outbox = Outbox(context, None)

    def day():
        for _ in range(DAY_S // seconds):
            clock.uptime_s += seconds
            pack.sequence += 1
            pack.read_ms = clock.uptime_ms()
            status.cells_mv[0] ^= CHANGE_MV
            outbox.update()

    return day


def day_of_history(cells: int):
    """A function that lives through a day with readings."""
    from evencell.history.archive import keep, open_store
    from evencell.history.recorder import History

    clock = Clock()
    root = FOLDER + "/history"
    open_store(root, "pack1", cells)
    history = History(None, 1000)
    history.make_room(cells, 0)

    def day():
        for _ in range(DAY_S // 900):
            history.begin(clock.uptime_s // 900)
            clock.uptime_s += 900
            keep(root, "pack1", cells, history.record, clock)

    return day


def day_of_extremes(times: int):
    """A function that lives through a day in which some cell is lower or higher than ever before so many times."""
    from evencell.storage.files import replace

    def day():
        for time in range(times):
            replace(
                FOLDER + "/extremes.json",
                '{"pack1": [[3300, 3300, 3300, 3300], [3300, 3300, 3300, ' + str(time) + "]]}",
            )

    return day


def main(what: str, number: int):
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash)  # pyright: ignore[reportArgumentType] (no subclass, but all it needs)
    vfs.mount(vfs.VfsLfs2(flash), FOLDER)  # pyright: ignore[reportArgumentType]
    day = {"journal": day_of_journal, "history": day_of_history, "extremes": day_of_extremes}[what](number)
    day()
    before = flash.erased
    day()
    print(flash.erased - before)


main(sys.argv[1], int(sys.argv[2]))
