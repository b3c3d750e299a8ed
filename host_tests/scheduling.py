"""How `make test` spreads the tests over its workers and keeps them fast: conftest.py takes these hooks."""

import functools
import gc
import importlib.util
import os
import sys
from pathlib import Path

import pytest

from tools.build.common import BUILD

_HERE = Path(__file__).parent
# Most tests wait in real time, for a firmware, a broker or a browser: they need more workers than processors.
_WORKERS_PER_PROCESSOR = 3
# Tests whose clocks run many times as fast: a processor that is busy for 10 ms holds them up for so much longer.
_FAST_CLOCKS = tuple(
    _HERE / name for name in ("bench/test_chip_lives.py", "end_to_end/test_backlog.py", "end_to_end/test_history.py")
)
# What takes longest begins, so that the workers end together.
_LONGEST_FIRST = (
    *_FAST_CLOCKS,
    *(
        _HERE / name
        for name in ("build/test_frozen.py", "test_alive.py", "test_boot.py", "end_to_end", "flash", "build")
    ),
    *(_HERE / name for name in ("flash", "build", "deploy", "forward", "fuzz")),
)
assert all(place.exists() for place in _LONGEST_FIRST)
_OTHERS_NICENESS = 10


# MicroPython's package is a module of CPython, whose usual start takes longer than all that most programs do.
_MICROPYTHON = """#!{python} -IS
import sys
sys.path.append({folder!r})
from micropython_run import run_main
sys.exit(run_main(sys.argv))
"""


def pytest_configure(config: pytest.Config):
    """Let all that starts MicroPython take the short way, unless another one is named; workers inherit that."""
    module = importlib.util.find_spec("micropython_run")
    if module and module.origin and "MICROPYTHON" not in os.environ and not hasattr(config, "workerinput"):
        program = BUILD / "micropython"
        text = _MICROPYTHON.format(python=sys.executable, folder=str(Path(module.origin).parent))
        BUILD.mkdir(exist_ok=True)
        new = program.with_suffix(f".{os.getpid()}")
        new.write_text(text, "utf-8")
        new.chmod(0o755)
        new.replace(program)
        os.environ["MICROPYTHON"] = str(program)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For `--numprocesses auto`."""
    return _WORKERS_PER_PROCESSOR * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]):
    """Longest files first; the others, and the tests of a file, stay in their order."""
    items.sort(key=lambda item: _position(item.path))


@functools.cache
def _free_and_freeze(_path: Path | None):
    """The firmware's many collections need not search what pytest has loaded, nor what earlier files have left: syntax
    trees, after tests of the build."""
    gc.collect()
    gc.freeze()


def pytest_collection_finish():
    """All that pytest has loaded."""
    _free_and_freeze(None)


@functools.cache
def _position(path: Path) -> int:
    places = (number for number, place in enumerate(_LONGEST_FIRST) if path.is_relative_to(place))
    return next(places, len(_LONGEST_FIRST))


def pytest_runtest_setup(item: pytest.Item):
    """Tests with fast clocks, which begin, have the processors before the others."""
    _free_and_freeze(item.path)
    if "PYTEST_XDIST_WORKER" in os.environ and item.path not in _FAST_CLOCKS:
        os.nice(_OTHERS_NICENESS - os.nice(0))
