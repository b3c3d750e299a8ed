"""`board.py` of a tree for tests: this computer, whose time jumps to the next task that is due, a second at least.

Pauses as short as those of the serial line are the computer's.
"""

import asyncio
import time

from evencell import compat

_SHORT_MS = 200
_JUMP_MS = 1_000
_STEP_MS = 2  # of the computer's time, before each jump: so that brokers and browsers come in between

jumped_ms = 0
poll = asyncio.core.IOQueue.wait_io_event


def ticks_ms() -> int:
    """The computer's ticks, and all jumps."""
    return time.ticks_add(time.ticks_ms(), jumped_ms)


def wait_io_event(queue, wait_ms: int):
    """Wait for a stream, or jump."""
    global jumped_ms
    if wait_ms < _SHORT_MS:
        poll(queue, wait_ms)
        return
    poll(queue, _STEP_MS)
    jumped_ms += max(_JUMP_MS, wait_ms)


compat.ticks_ms = asyncio.core.ticks = ticks_ms
asyncio.core.IOQueue.wait_io_event = wait_io_event

from boards.host import Board  # noqa: E402 - it takes the ticks above

board = Board()
