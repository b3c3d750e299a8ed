"""Columns of a history as text: the time of each row, and one value of each row. Loaded on demand."""

from array import array

from evencell.history.recorder import row_at


class Columns:
    """Columns of the records of a RecordReader. Each is a pass over all of them; `times` comes first."""

    def __init__(self, reader):
        self._reader = reader
        count = reader.count
        self._shown = array("H", bytes(2 * count)) if reader.rows > 8 else bytearray(count)  # bits of rows, by record

    def times(self, since_s: int, until_s: int, step_s: int):
        """Generate the column of times, record by record: values with commas, "" for none.

        Rows without readings or without a known time are in no column.
        """
        separator = ""
        reader = self._reader
        for number in range(reader.count):
            record, start_s = reader.dated(number)
            times = []
            for row in range(reader.rows):
                at_s = (start_s or 0) + row * step_s
                if start_s is not None and since_s <= at_s <= until_s and _has_reading(record, row, reader.cells):
                    self._shown[number] |= 1 << row
                    times.append(str(at_s))
            yield separator + ",".join(times) if times else ""
            separator = "," if times else separator

    def column(self, cell: int, kind: int):
        """Generate a cell's column of minimum (kind 0), maximum (1) or mean (2, with tenths)."""
        separator = ""
        reader = self._reader
        at, width = row_at(0, reader.cells) + 3 * cell + kind, 3 * reader.cells
        for number in range(reader.count):
            shown = self._shown[number]
            if not shown:
                continue
            record = reader.read(number)
            rows = [row for row in range(reader.rows) if shown >> row & 1]
            values = [0] * len(rows)
            if record:
                values = [record[at + row * width] for row in rows]
            yield separator + _format(values, kind)
            separator = ","


def _has_reading(record, row: int, cells: int) -> bool:
    at = row_at(row, cells)
    return any(record[at + 3 * cell] for cell in range(cells))


def _format(values: list, kind: int) -> str:
    """Format values with commas, means with tenths; 0 becomes null."""
    if 0 in values:
        return ",".join([_format([value], kind) if value else "null" for value in values])
    # One format for all values: garbage collection of a text for each took most of the time.
    if kind == 2:
        return (",%d.%d" * len(values))[1:] % tuple([part for value in values for part in divmod(value, 10)])
    return (",%d" * len(values))[1:] % tuple(values)
