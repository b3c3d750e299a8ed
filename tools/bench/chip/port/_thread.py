"""Threads, as far as boot.py asks: the stack of one is a claim in the second heap, until the lock it waits for is free.

For MicroPython built with tools/bench/chip/port, which has no threads of its own.
"""

import _chip

_stack_bytes = 0
_claims = []


class Lock:
    """A lock that threads wait for: they run to their end as soon as it is released."""

    def acquire(self):
        """Take it."""
        return True

    def release(self):
        """Let those who wait run and end."""
        while _claims:
            _chip.release(_claims.pop())


def allocate_lock():
    """A new lock."""
    return Lock()


def stack_size(size):
    """Bytes of the stack of each thread that is started from now on."""
    global _stack_bytes
    _stack_bytes = size


def start_new_thread(_function, _arguments):
    """Claim the stack of a thread; OSError where it finds no room."""
    claim = _chip.claim(_stack_bytes)
    if claim is None:
        raise OSError("can't create thread")
    _claims.append(claim)
