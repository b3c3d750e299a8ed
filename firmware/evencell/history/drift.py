"""Finds cells that drift away from the others, in a pack's month (docs/health.md). Loaded on demand, once a day."""

from evencell.history.health import Health
from evencell.history.health_report import drifting_cells
from evencell.history.reader import RecordReader
from evencell.history.recorder import START
from evencell.history.store import ROWS, Store, folder_of


def find(context, pack):
    """Generate None after each record, then the bits of the cells; nothing where no history is kept."""
    keeper = context.history
    for history in keeper.histories if keeper else ():
        if history.pack is not pack or not history.is_stored:
            continue
        try:
            store = Store(folder_of(keeper.folder, pack.name, history.cells), history.cells)
        except OSError as error:
            context.storage_faults.failed("history of " + pack.name, error)
            return
        health, start = Health(history.cells), history.record[START]
        try:
            reader = RecordReader(store.month, store.month_record, ROWS, [], start, context.clock)
            for number in range(reader.count):
                record, start_s = reader.dated(number)
                if record:
                    health.add(record, start_s)
                yield None
        finally:
            store.close()
        bits = 0
        for cell in drifting_cells(health):
            bits |= 1 << cell - 1
        yield bits
