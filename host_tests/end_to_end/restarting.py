"""A device that is started again whenever it asks for that, as a board does by itself."""

import contextlib
import threading

from boards.host import RESTART_STATUS
from host_tests.end_to_end.process import PATIENCE_S
from host_tests.end_to_end.updating import Device


@contextlib.contextmanager
def restarting(device: Device):
    """Start the device again, until the end, each time it ends with the status that asks for it."""
    is_over = threading.Event()

    def watch():
        while device.wait() == RESTART_STATUS and not is_over.is_set():
            with contextlib.suppress(AssertionError):  # a version that fails says nothing
                device.start()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        device.kill()
        thread.join(PATIENCE_S)
