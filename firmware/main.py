"""What MicroPython starts: this board, and on it the application, or one wake of a device that sleeps."""

import os

try:
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
except Exception as error:  # such as a module that is missing, or that has no room: app.py is not there to restart
    try:
        import sys
        import time

        from machine import reset
    except ImportError:  # a computer
        raise error
    sys.print_exception(error)
    time.sleep(5)  # for Ctrl-C
    reset()  # boot.py or the boot loader goes back to the version before
