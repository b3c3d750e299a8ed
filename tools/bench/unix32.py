"""MicroPython's unix port for 32 bits, with objects as large as an ESP32's: built from Debian's copy of the sources.

For maintainers, on Linux on x86_64 with make and a gcc that has 32-bit libraries (Debian: gcc-multilib).
"""

import contextlib
import fcntl
import hashlib
import shutil
import urllib.request
from collections.abc import Iterable
from pathlib import Path

from tools.build.common import BUILD, BuildError, bytecode_compiler, run
from tools.dev.system_packages import builds_for_32_bits

VERSION = "1.25.0"
_LOCK = "micropython.lock"
_SHA256 = "7b25be99a502f070b2de81dafc08da7051d992325d6e67daa9045a918fffdbea"
_ADDRESS = f"https://deb.debian.org/debian/pool/main/m/micropython/micropython_{VERSION}+ds.orig.tar.xz"
_SOURCES = BUILD / f"micropython-{VERSION}"
_UNIX = _SOURCES / "ports/unix"
_LIBRARIES = _SOURCES / "lib/micropython-lib"
# They need libraries that Debian's copy lacks, or that may be missing for 32 bits.
_OPTIONS = [
    "MICROPY_FORCE_32BIT=1",
    *(f"MICROPY_PY_{name}=0" for name in ("FFI", "BTREE", "SSL")),
    "MICROPY_SSL_MBEDTLS=0",
]
# Files in a build's folder: what it was made with, what of, and what is run.
_NOTED = "options"
_INPUTS = "inputs"
_PROGRAM = "program"


def port(name: str, manifest: Path, options: Iterable[str]) -> Path:
    """The port with what `manifest` freezes. Raises BuildError with a sentence.

    `options`: more variables for its Makefile. What the manifest freezes is in its folder, or in one of an option.
    """
    with alone():
        return _built(name, manifest, list(options))


def _built(name: str, manifest: Path, options: list[str]) -> Path:
    _unpack()
    folder = _UNIX / f"build-{name}"
    inputs = _digest(manifest, options)
    if _noted(folder / _INPUTS) == inputs:
        return folder / _PROGRAM
    given = "\n".join(options)
    if _noted(folder / _NOTED) != given:  # make does not see that a variable has changed
        shutil.rmtree(folder, ignore_errors=True)
        alike = [other for other in sorted(_UNIX.glob("build-*")) if _noted(other / _NOTED) == given]
        if alike:  # all but the frozen content is compiled already
            shutil.copytree(alike[0], folder)
        folder.mkdir(exist_ok=True)
        (folder / _NOTED).write_text(given, "utf-8")
    (folder / _INPUTS).unlink(missing_ok=True)
    (folder / "frozen_content.c").unlink(missing_ok=True)  # renewed only for younger files, though others were listed
    frozen = f"FROZEN_MANIFEST={manifest}"
    compiler = [f"MICROPY_MPYCROSS={bytecode_compiler()}", "MICROPY_MPYCROSS_DEPENDENCY="]  # not one more to build
    run(["make", "-j2", "-C", str(_UNIX), *_OPTIONS, *compiler, *options, frozen, f"BUILD={folder.name}"])
    new = folder / f"{_PROGRAM}.new"  # others may run the one before: never write into that
    shutil.copy(folder / "micropython", new)
    new.replace(folder / _PROGRAM)
    (folder / _INPUTS).write_text(inputs, "utf-8")
    return folder / _PROGRAM


def _noted(file: Path) -> str | None:
    return file.read_text("utf-8") if file.exists() else None


def _digest(manifest: Path, options: list[str]) -> str:
    """Of all that a build is made of, but for MicroPython itself."""
    places = [manifest.parent, *(Path(option.partition("=")[2]) for option in options)]
    files = sorted({file for place in places if place.is_absolute() for file in place.rglob("*") if file.is_file()})
    digest = hashlib.sha256("\n".join([str(manifest), *options]).encode())
    for file in files:
        if file.suffix != ".pyc":
            digest.update(f"{file}\n".encode() + file.read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def alone(name: str = _LOCK):
    """Two builds at once would write the same files: a lock of this name."""
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / name, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def check_tools():
    """Raises BuildError with a sentence on what is missing."""
    for name in ("make", "gcc"):
        if not shutil.which(name):
            raise BuildError(f"{name} is missing: apt-get install build-essential gcc-multilib")
    if builds_for_32_bits() is not True:
        raise BuildError("gcc builds nothing for 32 bits here: apt-get install gcc-multilib")


def _unpack():
    """The sources in `_SOURCES`; what was interrupted is done anew."""
    if (_LIBRARIES / "README.md").exists():
        return
    shutil.rmtree(_SOURCES, ignore_errors=True)
    shutil.unpack_archive(fetched(_ADDRESS, _SHA256), BUILD)
    _LIBRARIES.mkdir(parents=True, exist_ok=True)  # Debian's copy has none; the Makefile needs this file
    (_LIBRARIES / "README.md").touch()


def fetched(address: str, sha256: str) -> Path:
    """The file at `address`, kept in `build/`; BuildError with a sentence where it isn't to be had, or is another."""
    file = BUILD / address.rpartition("/")[2]
    BUILD.mkdir(exist_ok=True)
    try:
        content = file.read_bytes() if file.exists() else urllib.request.urlopen(address, timeout=60).read()
    except OSError as error:
        raise BuildError(f"{address} can't be fetched ({error}). Put that file into {BUILD.name}/ yourself.") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        file.unlink(missing_ok=True)
        raise BuildError(f"{address} is not the file it was: its SHA-256 should be {sha256}.")
    file.write_bytes(content)
    return file
