"""Records of one pack on the flash: those of 15 minutes for a day, those of two hours for a month. Loaded on demand.

A record of two hours has the layout of recorder.py with 8 rows of 15 minutes. Its element 7 has a bit for each row at
rest, and 8 the sequence (32 bits) of the first record of 15 minutes that is not in it.
"""

from array import array

from evencell.compat import const
from evencell.history.recorder import MINUTES, row_at
from evencell.storage.record_ring import RecordRing

ROWS = const(8)  # of a record of two hours
REST_BITS = const(7)
FOLLOWING = const(8)
ROW_S = const(900)
SPAN_S = const(7_200)
CRC_BYTES = const(4)
DAY = const(8), const(13)  # records in a file, files: 96 records at least
MONTH = const(24), const(16)  # 360 at least


class Store:
    """Both rings of a pack. `day_record` and `month_record` are buffers to read into."""

    def __init__(self, folder: str, cells: int, faults=None):
        self.cells = cells
        self.day_record = array("H", bytes(2 * row_at(MINUTES, cells)))
        self.month_record = array("H", bytes(2 * row_at(ROWS, cells)))
        self.day = RecordRing(folder + "/day", 2 * len(self.day_record), *DAY, faults)
        self.month = RecordRing(folder + "/month", 2 * len(self.month_record), *MONTH, faults)

    def close(self):
        """Close the files."""
        self.day.close()
        self.month.close()


def last_of(ring: RecordRing, record):
    """Read the last valid record of a ring into `record`, and return that; None if there is none."""
    for sequence in range(ring.next - 1, ring.first - 1, -1):
        if ring.read_into(sequence, record):
            return record
    return None


def folder_of(root: str, name: str, cells: int) -> str:
    """Folder of a pack's records."""
    return "%s/%s-%d" % (root, name, cells)


def uptime_s(record) -> int:
    """Uptime at the record's beginning."""
    return record[0] | record[1] << 16


def unix_s(record) -> int:
    """UNIX time at the record's beginning, or 0."""
    return record[2] | record[3] << 16


def put(record, at: int, value: int):
    """Write a value of 32 bits."""
    record[at] = value & 0xFFFF
    record[at + 1] = value >> 16


def stamp(record, clock):
    """Write the UNIX time of its beginning into a record of 15 minutes, if the clock knows it."""
    put(record, 2, clock.unix_s_at(1000 * uptime_s(record)) or 0)
