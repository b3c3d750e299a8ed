"""What a time series database has missed, as lines of InfluxDB's protocol. In memory only while there is something."""

from evencell.compat import const
from evencell.forward.influx_line import line_of
from evencell.forward.journal import INFLUX
from evencell.forward.journal_reading import Reader, batch, took

_RECORDS = const(6)  # lines of some 320 bytes each


class Missed:
    """Gives it piece by piece, oldest first: `lines` until there are none, and `stored` after each that was taken."""

    def __init__(self, journal):
        self._journal = journal
        self._reader = Reader(journal)
        self._records: list = []
        self._place = None

    def lines(self, measurement: str, device: str) -> list[bytes]:
        """The next lines; none at the end. What has no time, for nobody will ever know it, is dropped."""
        journal, reader = self._journal, self._reader
        lines = []
        while not lines:
            self._records, self._place = batch(journal, INFLUX, _RECORDS)
            if not self._records:
                break
            for record in self._records:
                if reader.read(record) and reader.time_s is not None:
                    if reader.thinned:  # a series of its own: a tag more
                        reader.name += ",thinned=" + reader.thinned
                    lines.append(line_of(measurement, device, reader, reader.time_s))
                else:
                    journal.dropped += 1
            if not lines:
                self.stored()
        return lines

    def stored(self):
        """What `lines` gave was taken, or refused for good."""
        took(self._journal, INFLUX, self._place, len(self._records))
