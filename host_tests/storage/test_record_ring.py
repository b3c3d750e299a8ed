"""The record ring, its power cut at every byte and at every rename or removal."""

import os

from evencell.storage import files
from evencell.storage import record_ring as ring
from evencell.storage.paths import exists
from evencell.storage.record_ring import RecordRing
from host_tests.portable import scratch_path

RECORD_BYTES = 5
GEOMETRY = (RECORD_BYTES, 3, 3)  # bytes of a record, records of a segment, segments


def record(number: int, record_bytes: int = RECORD_BYTES) -> bytes:
    return bytes([number, 255 - number, 0, number, 7] * (record_bytes // RECORD_BYTES))


def records(first: int, count: int, record_bytes: int = RECORD_BYTES) -> bytes:
    return b"".join([record(first + i, record_bytes) for i in range(count)])


def folder() -> str:
    path = scratch_path("ring")
    if exists(path):  # the 32-bit port gives one name
        for name in os.listdir(path):
            os.remove(path + "/" + name)
    return path


def read(kept: RecordRing, sequence: int, record_bytes: int = RECORD_BYTES) -> bytes | None:
    buffer = bytearray(record_bytes)
    return bytes(buffer) if kept.read_into(sequence, buffer) else None


def all_of(kept: RecordRing) -> dict:
    return {sequence: read(kept, sequence) for sequence in range(kept.first, kept.next)}


def test_appended_records_are_read_back():
    path = folder()
    kept = RecordRing(path, *GEOMETRY)
    assert (kept.first, kept.next, kept.cursors) == (0, 0, ())
    assert read(kept, 0) is None
    kept.append(record(0))
    kept.append(records(1, 4))
    for same in (kept, RecordRing(path, *GEOMETRY)):
        assert (same.first, same.next) == (0, 5)
        assert all_of(same) == {i: record(i) for i in range(5)}
        assert read(same, 5) is None and read(same, -1) is None


def test_record_appended_to_an_open_segment_is_read():
    kept = RecordRing(folder(), *GEOMETRY)
    kept.append(record(0))
    assert read(kept, 0) == record(0)
    kept.append(record(1))
    assert read(kept, 1) == record(1)


def test_oldest_segments_are_overwritten():
    path = folder()
    kept = RecordRing(path, *GEOMETRY)
    for i in range(10):
        kept.append(record(i))
    assert (kept.first, kept.next) == (3, 10)
    assert read(kept, 2) is None and read(kept, 3) == record(3)
    kept.append(records(10, 20))  # more than it holds
    assert (kept.first, kept.next) == (21, 30)
    assert all_of(kept) == {i: record(i) for i in range(21, 30)}
    assert sorted(os.listdir(path)) == ["7", "8", "9"]
    smaller = RecordRing(path, RECORD_BYTES, 3, 2)
    smaller.append(record(30))
    assert sorted(os.listdir(path)) == ["10", "9"] and smaller.first == 27


def test_discarded_sequences_are_never_used_again():
    path = folder()
    kept = RecordRing(path, *GEOMETRY)
    kept.append(records(0, 7))
    kept.move_cursors(5, 9)
    for same in (kept, RecordRing(path, *GEOMETRY)):
        assert (same.first, same.cursors) == (5, (5, 9))
        assert read(same, 4) is None and read(same, 5) == record(5)
    assert sorted(os.listdir(path)) == ["1", "2", "cursors"]
    kept = RecordRing(path, *GEOMETRY)
    kept.append(records(kept.next, 9 - kept.next))
    kept.move_cursors(9)
    assert sorted(os.listdir(path)) == ["2", "cursors"]
    kept = RecordRing(path, *GEOMETRY)
    assert (kept.first, kept.next) == (9, 9)
    kept.append(record(9))
    assert all_of(RecordRing(path, *GEOMETRY)) == {9: record(9)}


def test_lost_files_do_not_repeat_sequences():
    path = folder()
    kept = RecordRing(path, *GEOMETRY)
    kept.append(records(0, 8))
    kept.move_cursors(7)
    os.remove(path + "/2")
    kept = RecordRing(path, *GEOMETRY)
    assert kept.next >= 8
    kept.append(record(100))
    assert read(kept, kept.next - 1) == record(100)
    os.remove(path + "/cursors")
    assert read(RecordRing(path, *GEOMETRY), kept.next - 1) == record(100)


def test_damaged_record_is_not_read():
    path = folder()
    kept = RecordRing(path, *GEOMETRY)
    kept.append(records(0, 3))
    with open(path + "/0", "rb") as file:
        whole = file.read()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 + at % 255
        with open(path + "/0", "wb") as file:
            file.write(damaged)
        wrong = at // (RECORD_BYTES + 4)
        expected = {i: record(i) for i in range(3)}
        expected[wrong] = None
        assert all_of(RecordRing(path, *GEOMETRY)) == expected
    with open(path + "/1", "wb") as file:
        file.write(whole)  # right records, in a wrong place
    kept = RecordRing(path, *GEOMETRY)
    assert kept.next == 3
    assert [read(kept, i) for i in (3, 4, 5)] == [None] * 3
    for text in ("", "x", "-3 x", "1.5"):
        with open(path + "/cursors", "w") as file:
            file.write(text)
        assert RecordRing(path, *GEOMETRY).cursors == ()


class Cut(Exception):
    """The power went."""


class Power:
    """Goes after so many steps: a byte that is written is one, a file's new name or end is another."""

    def __init__(self, steps: int):
        self._steps = steps

    def open(self, path: str, mode: str = "r"):
        if "w" in mode:
            self.step()
        return File(self, open(path, mode))

    def rename(self, old: str, new: str):
        self.step()
        os.rename(old, new)

    def remove(self, path: str):
        self.step()
        os.remove(path)

    def step(self):
        if not self._steps:
            raise Cut
        self._steps -= 1

    def bytes(self, count: int) -> int:
        taken = min(count, self._steps)
        self._steps -= taken
        return taken


class File:
    """A file that ends where the power does."""

    def __init__(self, power: Power, file):
        self._power = power
        self._file = file
        self.seek, self.close, self.read = file.seek, file.close, file.read

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def readinto(self, buffer):
        return self._file.readinto(buffer)

    def write(self, data):
        taken = self._power.bytes(len(data))
        self._file.write(data[:taken])
        if taken < len(data):
            raise Cut


class CutOs:
    """`os`, as long as there is power."""

    listdir, mkdir, stat = os.listdir, os.mkdir, os.stat

    def __init__(self, power: Power):
        self.rename, self.remove = power.rename, power.remove


def with_power(steps: int, run) -> bool:
    """Whether `run()` came to its end before the power was cut after so many steps."""
    power = Power(steps)
    for module in (ring, files):
        module.open, module.os = power.open, CutOs(power)
    try:
        run()
    except Cut:
        return False
    finally:
        for module in (ring, files):
            del module.open  # it is a builtin, that other tests replace
            module.os = os
    return True


class Owner:
    """Uses a ring as its owner does, and knows what it was told, and what it was about to do."""

    def __init__(self, path: str, record_bytes: int = RECORD_BYTES):
        self._path = path
        self._bytes = record_bytes
        self.acknowledged = self.wanted = self.dropped = 0

    def live(self):
        kept = self.opened()
        for count in (1, 2, 3, 1):
            self.append(kept, count)
        self.drop(kept, 4)
        self.append(kept, 4)
        self.drop(kept, 11)
        self.append(kept, 5)
        self.append(kept, 3)

    def append(self, kept: RecordRing, count: int):
        self.wanted = kept.next + count
        kept.append(records(kept.next, count, self._bytes))
        self.acknowledged = kept.next

    def drop(self, kept: RecordRing, sequence: int):
        self.dropped = sequence
        kept.move_cursors(kept.next, sequence)

    def opened(self) -> RecordRing:
        return RecordRing(self._path, self._bytes, *GEOMETRY[1:])

    def oldest(self) -> int:
        """The sequence from which on all must be there: what a new segment pushes out is older."""
        _bytes, places, segments = GEOMETRY
        return max(self.dropped, (-(-self.wanted // places) - segments) * places)

    def look_after_a_cut(self):
        size = self._bytes
        kept = self.opened()
        assert kept.next >= self.acknowledged and kept.first <= self.oldest()
        for sequence in range(kept.first, kept.next):
            assert read(kept, sequence, size) == record(sequence, size)
        after = kept.next
        kept.append(records(after, 2, size))
        assert read(kept, after, size) == record(after, size)
        assert read(self.opened(), after + 1, size) == record(after + 1, size)
        assert len(os.listdir(self._path)) <= GEOMETRY[2] + 2  # cursors, and what of them was not renamed


def test_power_cut_loses_no_written_record():
    steps = 0
    is_whole = False
    while not is_whole:
        owner = Owner(folder())
        is_whole = with_power(steps, owner.live)
        owner.look_after_a_cut()
        steps += 1
    assert steps > 19 * (RECORD_BYTES + 4)


class Flash:
    """A block device in memory, whose power goes after so many writes and erasures; the last write comes half.

    A file that a cut left open is closed by the garbage collection, much later: nothing may reach the memory then.
    """

    BLOCK_BYTES = 512

    def __init__(self, data: bytearray, steps: int):
        self._data = data
        self._steps = steps
        self._has_power = True

    def readblocks(self, block: int, buffer, offset=0):
        if self._has_power:
            at = block * self.BLOCK_BYTES + offset
            buffer[:] = self._data[at : at + len(buffer)]

    def writeblocks(self, block: int, buffer, offset=0):
        if not self._has_power:
            return
        at = block * self.BLOCK_BYTES + offset
        if not self._steps:
            buffer = buffer[: len(buffer) // 2]
        self._data[at : at + len(buffer)] = buffer
        self._step()

    def ioctl(self, operation: int, block: int):
        if operation == 4:
            return len(self._data) // self.BLOCK_BYTES
        if operation == 5:
            return self.BLOCK_BYTES
        if operation == 6 and self._has_power:
            self._step()
            at = block * self.BLOCK_BYTES
            self._data[at : at + self.BLOCK_BYTES] = b"\xff" * self.BLOCK_BYTES
        return 0

    def _step(self):
        if not self._steps:
            raise Cut
        self._steps -= 1

    def switch_off(self):
        self._has_power = False


def mounted(data: bytearray, steps: int, run) -> bool:
    """Whether `run()`, with littlefs on this flash at /cut, came to its end before the power was cut."""
    import vfs  # pyright: ignore[reportMissingImports] (of MicroPython alone)

    flash = Flash(data, steps)
    is_whole = False
    try:
        vfs.mount(vfs.VfsLfs2(flash, readsize=16, progsize=16), "/cut")
        run()
        is_whole = True
    except Cut:
        pass
    flash.switch_off()
    vfs.umount("/cut")
    return is_whole


def has_littlefs() -> bool:
    try:
        import vfs  # pyright: ignore[reportMissingImports] (of MicroPython alone)
    except ImportError:
        return False
    return hasattr(vfs, "VfsLfs2")


def test_power_cut_on_littlefs_loses_no_written_record():
    """On the file system that an ESP32 has, where there is one."""
    if not has_littlefs():
        return
    import vfs  # pyright: ignore[reportMissingImports] (of MicroPython alone)

    empty = bytearray(48 * Flash.BLOCK_BYTES)
    vfs.VfsLfs2.mkfs(Flash(empty, 1000), readsize=16, progsize=16)
    steps = 0
    is_whole = False
    while not is_whole:
        data = bytearray(empty)
        owner = Owner("/cut/ring", 20 * RECORD_BYTES)  # more than littlefs keeps in a folder's own blocks
        is_whole = mounted(data, steps, owner.live)
        assert mounted(data, 1000, owner.look_after_a_cut)
        steps += 1
    assert steps > 80
