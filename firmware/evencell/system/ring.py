"""Records of one size in a ring of files, on a flash whose power may go at any moment.

A segment is a file; its name is its number. Record `sequence` stands in segment `sequence // records_per_segment`.
Behind each record is a CRC-32 that its sequence took part in: what was cut short, damaged or misplaced is never read.
"""

import os
import struct
from binascii import crc32

from evencell.compat import const
from evencell.system.files import exists, replace

_CRC_BYTES = const(4)


class Ring:
    """Keeps the newest records, in at most `segments` files of `records_per_segment`, each of `record_bytes`.

    Sequences count from 0 for ever, also when all records were dropped and through a power cut. `first` is the oldest
    that is kept, `next` what the next record gets, `cursors` what `drop_before` was told last. Whatever can't be
    written raises OSError, and `next` says how far it came.
    """

    def __init__(self, folder: str, record_bytes: int, records_per_segment: int, segments: int):
        self._folder = folder + "/"
        self._bytes = record_bytes
        self._places = records_per_segment
        self._segments = segments
        self._file = None  # the segment that is being read …
        self._number = None  # … and its number
        if not exists(folder):
            os.mkdir(folder)
        self._find()

    def _find(self):
        """What the flash holds."""
        places = self._places
        numbers = self._numbers()
        newest = max(numbers) if numbers else 0
        size = os.stat(self._folder + str(newest))[6] if numbers else 0
        self.next = newest * places + min(size // (self._bytes + _CRC_BYTES), places)
        self.cursors = self._remembered()
        if self.cursors and max(self.cursors) > self.next:  # segments are lost: no sequence may come twice
            self.next = -(-max(self.cursors) // places) * places
        self.first = max(min(numbers) * places if numbers else self.next, min(self.cursors or (0,)))

    def append(self, records):
        """Write one or several whole records with one write to the flash; two where they reach into a new segment."""
        self.close()
        records = memoryview(records)
        size = self._bytes + _CRC_BYTES
        while len(records):
            number, place = divmod(self.next, self._places)
            count = min(len(records) // self._bytes, self._places - place)
            if not place:
                self._remove_before(number - self._segments + 1)
            with open(self._folder + str(number), "r+b" if place else "wb") as file:
                file.seek(place * size)  # over what a power cut left of a record
                file.write(self._guarded(records, count))
            self.next += count
            records = records[count * self._bytes :]

    def read_into(self, sequence: int, buffer) -> bool:
        """Put a record into `buffer`, of just its size; False where it is dropped, overwritten, damaged or to come."""
        if not self.first <= sequence < self.next:
            return False
        number, place = divmod(sequence, self._places)
        file = self._file
        try:
            if number != self._number or file is None:
                self.close()
                self._file = file = open(self._folder + str(number), "rb")  # noqa: SIM115 - for those that follow
                self._number = number
            file.seek(place * (self._bytes + _CRC_BYTES))
            file.readinto(buffer)
            crc = file.read(_CRC_BYTES)
        except OSError:
            return False
        return crc == struct.pack("<I", crc32(buffer, sequence))

    def drop_before(self, *cursors):
        """Each cursor is a sequence, `next` at most, before which one reader needs nothing: the files nobody needs go.

        A small file is written each time, by rename: for batches, not for every record.
        """
        self.cursors = cursors
        self.first = max(self.first, min(min(cursors), self.next))
        replace(self._folder + "cursors", " ".join([str(cursor) for cursor in cursors]))
        # The newest file stays, even if nobody needs it: it says what comes next.
        self._remove_before(min(self.first, self.next - 1) // self._places)

    def close(self):
        """Give back the file that was read last."""
        if self._file:
            self._file.close()
        self._file = self._number = None

    def _guarded(self, records, count: int) -> bytearray:
        """The first `count` of these records, each with its CRC."""
        size = self._bytes
        guarded = bytearray(count * (size + _CRC_BYTES))
        for i in range(count):
            record = records[i * size : (i + 1) * size]
            at = i * (size + _CRC_BYTES)
            guarded[at : at + size] = record
            struct.pack_into("<I", guarded, at + size, crc32(record, self.next + i))
        return guarded

    def _numbers(self) -> list[int]:
        return [int(name) for name in os.listdir(self._folder) if name.isdigit()]

    def _remove_before(self, number: int):
        self.close()
        for old in self._numbers():
            if old < number:
                os.remove(self._folder + str(old))
        self.first = max(self.first, number * self._places)

    def _remembered(self) -> tuple:
        try:
            with open(self._folder + "cursors") as file:
                return tuple([int(text) for text in file.read(99).split()])
        except (OSError, ValueError):
            return ()
