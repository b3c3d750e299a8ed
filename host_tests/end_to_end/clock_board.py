"""`board.py` of a tree for tests: this computer as one whose clock must be set. `rtc` holds every time it got."""

from boards.host import Board


class ClockBoard(Board):
    """Keeps what it is told, and leaves the computer's clock alone."""

    def set_time(self, unix_s: int):
        with open(self.storage + "/rtc", "a") as file:
            file.write("%d\n" % unix_s)


board = ClockBoard()
