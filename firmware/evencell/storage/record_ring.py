"""Record ring: records of one size in a ring buffer of files, safe against power cuts at any moment.

A segment is a file; its name is its number. Record `sequence` stands in segment `sequence // records_per_segment`.
Behind each record is a CRC-32 over it and its sequence: one that was cut short, damaged or misplaced is never read.
The file `cursors` has a CRC-32 too; without valid cursors every record is delivered again.
"""

import os
import struct
from binascii import crc32

from evencell.compat import const
from evencell.runtime.lazy import call
from evencell.storage.files import remove, replace
from evencell.storage.paths import exists, is_folder

_CRC_BYTES = const(4)
_MAX_DIGITS = const(7)  # of a segment's number: a longer one is not ours
_CURSORS_BYTES = const(99)
_STATE_FILE = "evencell.storage.state_file"


class RecordRing:
    """Keeps the newest records, in at most `segments` files of `records_per_segment`, each of `record_bytes`.

    Sequences count from 0 and are never used again, even when all records were discarded or the power was cut. `first`
    is the oldest record, `next` the sequence of the next one, `cursors` the delivery cursors. `append` raises OSError
    where a record can't be written; `next` then says which. `faults` counts files that are set aside.
    """

    def __init__(self, folder: str, record_bytes: int, records_per_segment: int, segments: int, faults=None):
        self._faults = faults
        self._folder = folder + "/"
        self._bytes = record_bytes
        self._per_segment = records_per_segment
        self._segments = segments
        self._file = None  # the segment that is being read …
        self._number = None  # … and its number
        if not is_folder(folder):
            if exists(folder):
                call(_STATE_FILE, "set_aside", faults, folder, "it is no folder")
            os.mkdir(folder)
        self._find()

    def _find(self):
        """Find the records that the flash holds."""
        per_segment = self._per_segment
        numbers = self._valid_numbers()
        newest = max(numbers) if numbers else 0
        size = os.stat(self._folder + str(newest))[6] if numbers else 0
        self.next = newest * per_segment + min(size // (self._bytes + _CRC_BYTES), per_segment)
        self.cursors = self._load_cursors()
        if self.cursors and max(self.cursors) > self.next:  # segments are lost: no sequence may come twice
            self.next = -(-max(self.cursors) // per_segment) * per_segment
        self.first = max(min(numbers) * per_segment if numbers else self.next, min(self.cursors or (0,)))

    def append(self, records):
        """Write one or several whole records with one write to the flash; two where they reach into a new segment."""
        self.close()
        records = memoryview(records)
        size = self._bytes + _CRC_BYTES
        while len(records):
            number, place = divmod(self.next, self._per_segment)
            count = min(len(records) // self._bytes, self._per_segment - place)
            if not place:
                self._remove_before(number - self._segments + 1)
            with open(self._folder + str(number), "r+b" if place else "wb") as file:
                file.seek(place * size)  # over what a power cut left of a record
                file.write(self._with_crcs(records, count))
            self.next += count
            records = records[count * self._bytes :]

    def read_into(self, sequence: int, buffer) -> bool:
        """Put a record into `buffer`, of just its size; False where it is dropped, overwritten, damaged or to come."""
        if not self.first <= sequence < self.next:
            return False
        number, place = divmod(sequence, self._per_segment)
        return self._read(number, place, buffer)

    def _read(self, number: int, place: int, buffer) -> bool:
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
        return crc == struct.pack("<I", crc32(buffer, number * self._per_segment + place))

    def move_cursors(self, *cursors) -> OSError | None:
        """Set the delivery cursors: each is a sequence, `next` at most, before which one reader needs nothing.

        Removes the segments that no reader needs. Writes a small file by rename: for batches, not for every record.
        Returns the error where that failed: then the cursors count until the end of this run.
        """
        self.cursors = cursors
        self.skip_to(min(min(cursors), self.next))
        error = self._write_cursors()
        # The newest segment stays, even if no reader needs it: it says what comes next.
        self._remove_before(min(self.first, self.next - 1) // self._per_segment)
        return error and self._write_cursors()  # there may be room now

    def skip_to(self, sequence: int):
        """Treat the records before this one as overwritten."""
        self.first = max(self.first, sequence)

    def _write_cursors(self) -> OSError | None:
        text = " ".join([str(cursor) for cursor in self.cursors])
        try:
            replace(self._folder + "cursors", "%s #%08x" % (text, crc32(text.encode())))
        except OSError as error:
            return error
        return None

    def close(self):
        """Close the segment that was read last."""
        if self._file:
            self._file.close()
        self._file = self._number = None

    def _with_crcs(self, records, count: int) -> bytearray:
        """The first `count` of these records, each followed by its CRC."""
        size = self._bytes
        with_crcs = bytearray(count * (size + _CRC_BYTES))
        for i in range(count):
            record = records[i * size : (i + 1) * size]
            at = i * (size + _CRC_BYTES)
            with_crcs[at : at + size] = record
            struct.pack_into("<I", with_crcs, at + size, crc32(record, self.next + i))
        return with_crcs

    def _valid_numbers(self) -> list[int]:
        """Numbers of the segments; files that can be none of this ring are set aside."""
        for name in os.listdir(self._folder):
            if name.isdigit() and not _is_number(name):
                self._set_aside(name)
        numbers = sorted([number for number in self._numbers() if self._is_file(str(number))])
        while numbers and not self._has_record(numbers[-1]):
            number = numbers.pop()
            # What a power cut left of a first record is written again.
            has_room = os.stat(self._folder + str(number))[6] >= self._bytes + _CRC_BYTES
            if has_room or (numbers and number - 1 != numbers[-1]):
                self._set_aside(str(number))
        return [number for number in numbers if number > numbers[-1] - self._segments]

    def _has_record(self, number: int) -> bool:
        """Whether any record of this segment is valid."""
        record = bytearray(self._bytes)
        found = any(self._read(number, place, record) for place in range(self._per_segment))
        self.close()
        return found

    def _is_file(self, name: str) -> bool:
        """Whether it is a file; a folder is set aside."""
        is_file = not is_folder(self._folder + name)
        if not is_file:
            self._set_aside(name)
        return is_file

    def _set_aside(self, name: str):
        if self._faults:
            call(_STATE_FILE, "set_aside", self._faults, self._folder + name, "no segment of this ring")

    def _numbers(self) -> list[int]:
        return [int(name) for name in os.listdir(self._folder) if _is_number(name)]

    def _remove_before(self, number: int):
        self.close()
        for old in self._numbers():
            if old < number:
                remove(self._folder + str(old))
        self.first = max(self.first, number * self._per_segment)

    def _load_cursors(self) -> tuple:
        if not exists(self._folder + "cursors") or not self._is_file("cursors"):
            return ()
        try:
            with open(self._folder + "cursors", "rb") as file:
                text, mark, check = file.read(_CURSORS_BYTES).partition(b" #")
            if mark and check != b"%08x" % crc32(text):
                return ()
            cursors = tuple([int(word) for word in text.split()])
            return cursors if mark or not cursors or max(cursors) <= self.next else ()  # older: no checksum
        except (OSError, ValueError):
            return ()


def _is_number(name: str) -> bool:
    """Whether a file of this name may be a segment."""
    return name.isdigit() and len(name) <= _MAX_DIGITS and str(int(name)) == name
