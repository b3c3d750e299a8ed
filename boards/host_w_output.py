"""The W switch of this computer: a named pipe, which the simulator reads (tools/sim/supply.py)."""

from evencell.storage.paths import exists


class WOutput:
    """Closed, until it is driven: then the simulated resistor decides. A firmware that is killed closes it, too."""

    def __init__(self, path: str):
        self._path = path
        self._file = None

    def drive(self, is_on: bool):
        """Switch the balancer on or off; without a pipe nothing happens."""
        if self._file is None and exists(self._path):
            self._file = open(self._path, "r+b", buffering=0)  # for writing alone it would wait for a reader
        if self._file:
            self._file.write(b"1" if is_on else b"0")

    def release(self):
        """Let the resistor decide."""
        if self._file:
            self._file.close()
            self._file = None
