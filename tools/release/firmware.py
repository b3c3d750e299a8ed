"""`make firmware`: evencell's own MicroPython for a board, with evencell frozen in (docs/firmware.md).

ESP-IDF builds it, here or in its container. No such build has run yet.
"""

import functools
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from evencell import __version__
from tools.build import frozen as freezing
from tools.build.command import show, shown
from tools.build.common import BUILD, ROOT, BuildError
from tools.cli.boards import chosen_chip
from tools.cli.options import board_option
from tools.release import firmware_image, pins
from tools.update import build as update_image
from tools.update import keys
from tools.update.image import of_firmware
from tools.update.options import key_option, release_key_option

DEFINITIONS = ROOT / "boards" / "micropython"
# Chip → its board definition.
CLASSES = {"esp32": "EVENCELL_ESP32", "esp32c3": "EVENCELL_ESP32C3", "esp32s3": "EVENCELL_ESP32S3"}
APPLICATION = "micropython.bin"  # among what ESP-IDF builds
REPOSITORY = "https://github.com/micropython/micropython"
_VERSION = re.compile(r"MICROPY_VERSION_(MAJOR|MINOR|MICRO|PRERELEASE) (\d+)")
_IDF_VERSION = re.compile(r"set\(IDF_VERSION_(MAJOR|MINOR|PATCH) (\d+)\)")


@click.command()
@board_option
@click.option("--sources", type=click.Path(path_type=Path), help="A checkout of MicroPython; else one is fetched.")
@key_option
@release_key_option
def main(board: str, sources: Path | None, key: Path | None, release_key: bytes | None):
    """What `make firmware` calls."""
    data = chosen_chip(board)
    check_board(data)
    keys.chosen(key)  # a fault of it is said before the build
    sources = (sources or BUILD / f"micropython-sources-{pins.micropython()}").resolve()
    with_idf = toolchain(sources)
    definition = stage(data, release_key)
    if not sources.exists():
        run(with_idf(clone_command(sources)))
    check_sources(sources)
    output = definition.parent / "build"
    (output / "sdkconfig").unlink(missing_ok=True)  # ESP-IDF would keep the options of the build before
    for command in build_commands(sources, definition, output):
        run(with_idf(command))
    show(collect(data, output))
    folder = BUILD / data["name"]
    image = of_firmware(data, __version__, (output / APPLICATION).read_bytes(), freezing.write_names(folder))
    show({"update": update_image.write(image, folder, key)})


def check_board(board: dict):
    """Raise BuildError for a board that needs no firmware of its own."""
    if board.get("psram"):
        raise BuildError(
            f"{board['name']} has PSRAM: everything runs there on MicroPython's own build. "
            f"Flash that instead: make flash BOARD={board['name']}"
        )


def stage(board: dict, release_key: bytes | None = None) -> Path:
    """The board definition with all that is frozen, in one folder that is laid anew; returns it."""
    chip_class = CLASSES[board["chip"]]
    folder = BUILD / board["name"] / "micropython" / chip_class
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in (DEFINITIONS / "common", DEFINITIONS / chip_class):
        for file in source.iterdir():
            shutil.copy(file, folder / file.name)
    (folder / "version.txt").write_text(f"{firmware_image.PRODUCT} {__version__}\n", "ascii")
    freezing.lay_out(folder, board, "full", release_key)
    return folder


def clone_command(sources: Path) -> list[str]:
    """What fetches the pinned release of MicroPython."""
    tag = f"v{pins.micropython()}"
    return ["git", "clone", "--quiet", "--depth", "1", "--branch", tag, REPOSITORY, str(sources)]


def build_commands(sources: Path, definition: Path, output: Path) -> list[list[str]]:
    """What builds the image: MicroPython's compiler, the libraries of this board, the firmware."""
    port = ["make", "-C", str(sources / "ports/esp32"), f"BOARD_DIR={definition}", f"BUILD={output}"]
    return [["make", "-C", str(sources / "mpy-cross")], [*port, "submodules"], port]


def toolchain(sources: Path) -> Callable[[list[str]], list[str]]:
    """A function that makes a command run with ESP-IDF: as it is, or in Espressif's container; BuildError without."""
    root = os.environ.get("IDF_PATH")
    if root:
        check_idf(Path(root))
        return list
    idf = f"ESP-IDF v{pins.esp_idf()} with its export.sh sourced"
    if not shutil.which("docker"):
        raise BuildError(f"Neither ESP-IDF nor Docker is here. One of them is needed: Docker, or {idf}.")
    if subprocess.run(["docker", "info"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        raise BuildError(f"Docker does not answer: start its daemon, or take {idf}.")
    return functools.partial(in_container, folders=(ROOT, sources.parent))


def check_idf(root: Path):
    """Raise BuildError where the ESP-IDF at `root` is another release, or not set up in this shell."""
    try:
        found = dict(_IDF_VERSION.findall((root / "tools/cmake/version.cmake").read_text()))
    except OSError:
        raise BuildError(f"IDF_PATH is {root}, and there is no ESP-IDF. Unset it, and Docker is used.") from None
    version = ".".join(found.get(part, "?") for part in ("MAJOR", "MINOR", "PATCH"))
    if version != pins.esp_idf():
        raise BuildError(
            f"ESP-IDF at {root} is {version}; MicroPython {pins.micropython()} is built with v{pins.esp_idf()}. "
            "Unset IDF_PATH, and Docker is used."
        )
    if not shutil.which("idf.py"):
        raise BuildError(f"ESP-IDF is not set up in this shell: . {root}/export.sh")


def in_container(command: list[str], folders: Iterable[Path]) -> list[str]:
    """The command in Espressif's container, which sees these folders where they are, as the same user."""
    # ESP-IDF's own files belong to root there: git refuses to read their version unless that is allowed.
    allowed = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    options = [f"--user={os.getuid()}:{os.getgid()}", f"--workdir={ROOT}"]
    options += [f"--volume={folder}:{folder}" for folder in dict.fromkeys(folders)]
    options += [f"--env={name}={value}" for name, value in {"HOME": "/tmp", **allowed}.items()]
    return ["docker", "run", "--rm", *options, f"espressif/idf:v{pins.esp_idf()}", *command]


def run(command: list[str]):
    """Run it with its output shown; raises BuildError with the command that failed."""
    if subprocess.run(command).returncode:
        raise BuildError(f"This failed, and its messages stand above: {shlex.join(command)}")


def check_sources(sources: Path):
    """Raise BuildError where the checkout is not the pinned release of MicroPython."""
    try:
        found = dict(_VERSION.findall((sources / "py/mpconfig.h").read_text()))
    except OSError:
        raise BuildError(f"{sources} is no checkout of MicroPython.") from None
    version = ".".join(found[part] for part in ("MAJOR", "MINOR", "MICRO"))
    preview = "" if found["PRERELEASE"] == "0" else "-preview"
    if version + preview != pins.micropython():
        raise BuildError(f"{sources} is MicroPython {version}{preview}; this firmware is for {pins.micropython()}.")


def collect(board: dict, output: Path) -> dict[str, str]:
    """Copy what was built beside `output`'s folder, if it is what it should be; lines of the table.

    `evencell-<board>-<version>.bin` is the whole image, `….app-bin` the application alone.
    """
    whole, application = output / "firmware.bin", output / APPLICATION
    check_image(board, whole, application.stat().st_size)
    name = f"{firmware_image.PRODUCT}-{board['name']}-{__version__}"
    folder = BUILD / board["name"]
    lines = {}
    for label, source, suffix in (("whole image", whole, ".bin"), ("application", application, ".app-bin")):
        target = folder / (name + suffix)
        shutil.copy(source, target)
        lines[label] = f"{shown(target)}, {target.stat().st_size} bytes"
    slot = slots()[0].size
    lines["free"] = f"{slot - application.stat().st_size} of {slot} bytes of a slot"
    lines["next"] = f"make flash BOARD={board['name']} FIRMWARE={shown(folder / (name + '.bin'))} PORT=…"
    return lines


def check_image(board: dict, whole: Path, application_bytes: int):
    """Raise BuildError where a whole image is not this firmware for this board, or does not fit its partitions."""
    firmware = firmware_image.read(whole)
    if firmware is None:
        raise BuildError(f"{whole} is no image of evencell's firmware.")
    if (firmware.chip, firmware.board, firmware.version) != (board["chip"], board["name"], __version__):
        raise BuildError(f"{whole} is evencell {firmware.version} for {firmware.board}, from an older build.")
    if firmware.partitions != table():
        raise BuildError(f"{whole} has another partition table than boards/micropython/common/partitions.csv.")
    if any(application_bytes > slot.size for slot in slots()):
        raise BuildError(f"The application has {application_bytes} bytes, and a slot has {slots()[0].size}.")
    if whole.stat().st_size != firmware.application.offset - firmware.start + application_bytes:
        raise BuildError(f"{whole} has not the size of its parts: build it again.")


def table() -> tuple[firmware_image.Partition, ...]:
    """The partition table of boards/micropython, as ESP-IDF's gen_esp32part.py reads it."""
    rows = []
    for line in (DEFINITIONS / "common/partitions.csv").read_text("ascii").splitlines():
        if line and not line.startswith("#"):
            label, kind, _, offset, size, *_ = (part.strip() for part in line.split(","))
            rows.append(firmware_image.Partition(label, kind == "app", int(offset, 0), int(size, 0)))
    return tuple(rows)


def slots() -> list[firmware_image.Partition]:
    """The partitions of that table that hold the firmware."""
    return [entry for entry in table() if entry.is_application]


if __name__ == "__main__":
    main()
