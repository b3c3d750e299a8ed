"""Progress of a task of several seconds; a fast one prints nothing."""

import time

import click

_FIRST_AFTER_S = 1
_NEXT_AFTER_S = 5
_is_shown = False


def show():
    """Print progress from now on. A step of another program stays silent without this call."""
    global _is_shown
    _is_shown = True


class Progress:
    """Prints the progress of a task on standard error: after a second, then every five seconds."""

    def __init__(self, task: str):
        self._task = task
        self._due_s = time.monotonic() + _FIRST_AFTER_S

    def report(self, done: int, total: int, what: str = "files"):
        """Report that `done` of `total` are done."""
        now_s = time.monotonic()
        if _is_shown and now_s >= self._due_s:
            self._due_s = now_s + _NEXT_AFTER_S
            click.echo(f"{self._task}: {done} of {total} {what}", err=True)
