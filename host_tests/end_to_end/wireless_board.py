"""`board.py` of a tree for tests: this computer, with a scripted radio. What is in the air stands in `air.json`.

Where there is a file `heap.json`, it says what the network's heap has: bytes free, and the largest block.
"""

import json

from boards.host import Board
from evencell.clock.clock import Clock
from host_tests.net.stations import ScriptedStation


class Radio(ScriptedStation):
    """Its air is what the file says now."""

    def __init__(self, path: str):
        super().__init__(Clock(), {})
        self._path = path

    def _answer(self) -> str:
        self._breathe()
        return super()._answer()

    def _breathe(self):
        with open(self._path) as file:
            self.air = json.load(file)


class WirelessBoard(Board):
    """The sockets are the computer's own: they work whatever the radio says."""

    wired = False

    def station(self):
        print("the radio takes its memory")
        return Radio(self.storage + "/air.json")

    def network_heap(self):
        try:
            with open(self.storage + "/heap.json") as file:
                return tuple(json.load(file))
        except OSError:
            return None


board = WirelessBoard()
