"""A progress bar of bytes that are sent, and a clock of a step without one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def progress_bar(label: str) -> Iterator[Callable]:
    """A bar of bytes on a terminal, else nothing: `report(sent=, more=)` adds to those sent, and to those to send."""
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(label, total=0)

        def report(sent: int = 0, more: int = 0):
            progress.update(task, advance=sent, total=(progress.tasks[task].total or 0) + more)

        yield report


@contextmanager
def waiting(label: str) -> Iterator[None]:
    """What goes on, and for how long already, on a terminal; else nothing."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        progress.add_task(label, total=None)
        yield
