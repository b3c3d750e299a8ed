"""`board.py` of a tree for tests: this computer, whose display is dead while there is a file `display_fault`. What is
loaded is in the file `modules`, as soon as the device has been running for a second."""

import os
import sys

from boards.host import Board
from evencell.display.drivers.picture import Picture


class FragilePicture(Picture):
    """Counts what was sent in the file `sent`."""

    sent = 0

    def start(self):
        self._send()

    async def show(self, _canvas):
        self._send()

    def _send(self):
        Bus().reset()
        FragilePicture.sent += 1
        with open(board.storage + "/sent", "w") as file:
            file.write(str(FragilePicture.sent))


class Bus:
    """Can be asked whether the display is there."""

    def reset(self):
        try:
            os.stat(board.storage + "/display_fault")
        except OSError:
            return
        raise OSError(19)


class Watchdog:
    """Is fed once a second."""

    def feed(self):
        with open(board.storage + "/modules.new", "w") as file:
            file.write("\n".join(sorted(sys.modules)))
        os.rename(board.storage + "/modules.new", board.storage + "/modules")


class DisplayBoard(Board):
    """Its driver is the usual one, with another panel."""

    def display_bus(self, wishes):
        from evencell.display.drivers import picture

        picture.Picture = FragilePicture
        return Bus(), super().display_bus(wishes)[1]

    def watchdog(self, _timeout_ms):
        return Watchdog()


board = DisplayBoard()
