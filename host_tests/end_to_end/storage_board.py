"""`board.py` of a tree for tests: this computer, whose storage fails as the file `storage_fault` beside it says."""

import json
import os

from boards.host import SETTINGS_VARIABLE, Board
from host_tests.faulty_storage import FaultyStorage

_PLACE = "/faulty"


def made_board() -> Board:
    """The board, with its data folder mounted anew."""
    settings = json.loads(os.getenv(SETTINGS_VARIABLE) or "{}")
    folder = settings["data"]

    def fault() -> str:
        try:
            with open(folder.rsplit("/", 1)[0] + "/storage_fault") as file:
                return file.read()
        except OSError:
            return ""

    os.mount(FaultyStorage(folder, fault), _PLACE)
    return Board(dict(settings, data=_PLACE, config=folder + "/config.json"))


board = made_board()
