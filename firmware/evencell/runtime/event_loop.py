"""Runs the event loop, and resumes it when polling fails.

On an ESP32 whose network is out of memory, `select` on a socket fails: asyncio's poll then raises OSError (EIO) out of
the loop. Its tasks are unharmed, so the loop is entered again. Source: MicroPython's ports/esp32/modsocket.c
(MP_STREAM_POLL), extmod/modselect.c and extmod/asyncio/core.py.
"""

import asyncio
import time

_RESUME_AFTER_S = 0.01


def run_loop(coroutine, context):
    """Run the coroutine to its end. Raises what it raises, and OSError where polling fails for 30 s."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(coroutine)
    failures = None
    while True:
        try:
            return loop.run_until_complete(task)
        except OSError as error:
            from evencell.runtime.poll_failures import PollFailures, wake_broken

            failures = failures or PollFailures(context)
            if task.done() or failures.is_permanent(error):
                raise
            time.sleep(_RESUME_AFTER_S)
            wake_broken()
