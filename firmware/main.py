"""What MicroPython starts: this board, and on it the application, or one wake of a device that sleeps."""

import os

from board import board

try:
    os.stat(board.storage + "/wake.json")  # power/settings.py wrote it
    from evencell.power.wake import main
except OSError:
    from evencell.app import main
except ImportError as error:
    if "evencell.power" not in str(error):
        raise
    from evencell.app import main  # of a build that can't sleep: startup.py deletes that file

main(board)
