"""`board.py` of a tree for tests: this computer, with a simulated radio that has no access point. What is in the air
stands in `air.json`.

Where there is a file `heap.json`, it says what the network's heap has: bytes free, and the largest block.
"""

import json

from boards.host import Board
from boards.host_radio import Station
from evencell.compat import ticks_ms


class WirelessBoard(Board):
    """The sockets are the computer's own: they work whatever the radio says."""

    def __init__(self):
        super().__init__()
        self.wired = False

    def station(self):
        print("the radio takes its memory")
        return Station(self._air, ticks_ms)

    def _air(self) -> dict:
        with open(self.storage + "/air.json") as file:
            return json.load(file)

    def network_heap(self):
        try:
            with open(self.storage + "/heap.json") as file:
                return tuple(json.load(file))
        except OSError:
            return None


board = WirelessBoard()
