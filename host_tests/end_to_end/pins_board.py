"""`board.py` of a tree for tests: this computer, with pins as a board has them."""

from boards.host import Board


class PinsBoard(Board):
    def use_pins(self, pins):
        return [], ["pins: %s" % ", ".join(sorted(pins))]

    def pins(self):
        return {"tx": 17, "rx": 16, "button": 0}


board = PinsBoard()
