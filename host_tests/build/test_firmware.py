"""`make firmware` without ESP-IDF: what is staged, which commands would run, and which images are refused.

The images are made up (evencell_image.py); no build with ESP-IDF is part of it.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from evencell import __version__
from host_tests.build import chip_image, evencell_image
from host_tests.portable import ROOT
from tools.build import frozen as freezing
from tools.build.common import BuildError
from tools.build.tree import board_data, board_names
from tools.release import firmware, firmware_image, pins

GENERIC = board_data("esp32_generic")
BOARDS = [data for name in board_names() if (data := board_data(name))["chip"] != "host" and "psram" not in data]
FLASH_BYTES = 4 * 1024 * 1024


@pytest.fixture
def staged(scratch, monkeypatch):
    """A function that stages a board in a scratch `build/`."""
    monkeypatch.setattr(firmware, "BUILD", scratch)
    return firmware.stage


@pytest.fixture
def written(tmp_path):
    """A function that writes an image into a file."""

    def write(content: bytes) -> Path:
        (tmp_path / "firmware.bin").write_bytes(content)
        return tmp_path / "firmware.bin"

    return write


def test_micropython_is_of_one_release_everywhere():
    release = pins.micropython()
    assert re.fullmatch(r"\d+\.\d+\.\d+", release)
    assert {pins.release_of(name) for name in ("mpremote", "micropython-esp32-stubs")} == {release}


def test_every_chip_has_a_definition_and_every_definition_a_chip():
    folders = {path.name for path in firmware.DEFINITIONS.iterdir() if path.is_dir()} - {"common"}
    assert folders == set(firmware.CLASSES.values())
    assert {board_data(name)["chip"] for name in board_names()} - {"host"} == set(firmware.CLASSES)


@pytest.mark.parametrize("chip", firmware.CLASSES)
def test_staged_files_are_complete(staged, chip):
    """Every file that another one names is there, and nothing of MicroPython's that Bluetooth would come with."""
    folder = staged({**GENERIC, "chip": chip})
    assert folder.name == firmware.CLASSES[chip]
    cmake = (folder / "mpconfigboard.cmake").read_text() + (folder / "evencell.cmake").read_text()
    own = set(re.findall(r"\$\{MICROPY_BOARD_DIR\}/([\w.]+)", cmake))
    assert own == {"evencell.cmake", "version.txt", "partitions.csv", "sdkconfig.evencell", "manifest.py"}
    assert own <= {path.name for path in folder.iterdir()}
    assert f"set(IDF_TARGET {chip})" in cmake
    settings = "".join(line for line in cmake.splitlines(True) if not line.startswith("#"))
    assert "boards/sdkconfig.base" in settings and "sdkconfig.ble" not in settings and "spiram" not in settings
    assert '#include "mpconfigboard_evencell.h"' in (folder / "mpconfigboard.h").read_text()
    assert '#include "mpconfigport.h"' in (folder / "mpconfig_evencell.h").read_text()
    assert (folder / "version.txt").read_text() == f"evencell {__version__}\n"


def test_the_manifest_names_what_is_frozen(staged):
    folder = staged(GENERIC)
    assert f'freeze("{freezing.SOURCES}")' in (folder / "manifest.py").read_text()
    frozen = {path.relative_to(folder / "frozen").as_posix() for path in (folder / "frozen").glob("**/*.py")}
    assert {"boot.py", "main.py", "board.py", "frozen_files.py", "evencell/app.py", "boards/esp32.py"} <= frozen
    assert "esp32_generic" in (folder / "frozen/board.py").read_text()


def test_what_is_left_of_another_version_is_not_staged(staged):
    folder = staged(GENERIC)
    (folder / "frozen/old.py").write_text("")
    (folder / "sdkconfig.old").write_text("")
    assert staged(GENERIC) == folder
    assert not (folder / "frozen/old.py").exists() and not (folder / "sdkconfig.old").exists()


def test_the_version_field_has_room():
    assert len(f"evencell {__version__}") < 32  # esp_app_desc_t.version, and ESP-IDF cuts what is longer


def documented(heading: str) -> dict[str, tuple[str, str]]:
    """Option → value and source, of a table in docs/firmware.md."""
    text = (Path(ROOT) / "docs/firmware.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {row[0].strip(" `"): (row[1].strip(" `"), row[-1]) for row in rows}


def settings() -> dict[str, str]:
    """Every option that boards/micropython sets, but for the names of the boards."""
    found = {}
    for path in firmware.DEFINITIONS.glob("*/*"):
        text = path.read_text()
        if path.name.startswith("sdkconfig"):
            found |= dict(re.findall(r"^(CONFIG_\w+)=(.*)$", text, re.MULTILINE))
        elif path.suffix == ".h":
            found |= dict(re.findall(r"^#define (MIC\w+|MP_\w+(?:\(n\))?) (.*)$", text, re.MULTILINE))
        elif path.suffix == ".cmake":
            found |= dict.fromkeys(re.findall(r'"(CONFIG_\w+)=', text))
            found |= dict(re.findall(r"^    (MP_\w+)=(.*)$", text, re.MULTILINE))
    return {
        name: value for name, value in found.items() if name not in ("MICROPY_HW_BOARD_NAME", "MICROPY_HW_MCU_NAME")
    }


def test_every_option_is_documented_with_its_value_and_its_source():
    table, wanted = documented("Build options"), settings()
    assert set(table) == set(wanted) and len(wanted) > 20
    for name, (value, source) in table.items():
        assert wanted[name] in (None, value), name
        assert re.search(r"`[\w./-]+:\d+`", source), name


def test_what_is_said_not_to_be_used_is_not():
    names = set(re.findall(r"CONFIG_\w+", "".join(documented("Options left out"))))
    assert len(names) > 8 and not names & set(settings())


def test_the_document_names_the_pinned_releases():
    text = (Path(ROOT) / "docs/firmware.md").read_text()
    assert f"espressif/idf:v{pins.esp_idf()}" in text and f"MicroPython {pins.micropython()}" in text
    assert set(re.findall(r"ESP-IDF v(\S+\d)", text)) == {pins.esp_idf()}


def test_the_partition_table_is_sound():
    """As gen_esp32part.py demands it: in order, nothing overlaps, applications at multiples of 64 KiB."""
    table = firmware.table()
    end = firmware_image.TABLE_OFFSET + 0x1000
    for entry in table:
        assert entry.offset >= end and entry.offset % (0x10000 if entry.is_application else 0x1000) == 0, entry
        end = entry.offset + entry.size
    assert [slot.size for slot in firmware.slots()] == [0x190000, 0x190000]
    assert FLASH_BYTES - end == 0xD0000  # for files, on the smallest flash


def test_the_commands_build_the_board_with_the_pinned_release():
    sources, definition, output = Path("/src"), Path("/b/esp32_generic/micropython/EVENCELL_ESP32"), Path("/b/out")
    clone = firmware.clone_command(sources)
    assert clone[:2] == ["git", "clone"] and f"v{pins.micropython()}" in clone and clone[-1] == "/src"
    port = ["make", "-C", "/src/ports/esp32", f"BOARD_DIR={definition}", "BUILD=/b/out"]
    compiler, submodules, build = firmware.build_commands(sources, definition, output)
    assert compiler == ["make", "-C", "/src/mpy-cross"]
    assert submodules == [*port, "submodules"] and build == port


def test_the_container_sees_the_folders_where_they_are():
    command = firmware.in_container(["make", "-C", "/src"], [firmware.ROOT, Path("/elsewhere"), firmware.ROOT])
    assert command[:3] == ["docker", "run", "--rm"] and command[-3:] == ["make", "-C", "/src"]
    assert command[-4] == f"espressif/idf:v{pins.esp_idf()}"
    assert [part for part in command if part.startswith("--volume")] == [
        f"--volume={firmware.ROOT}:{firmware.ROOT}",
        "--volume=/elsewhere:/elsewhere",
    ]


def idf(folder: Path, version: str = pins.esp_idf()) -> Path:
    """As much of an ESP-IDF as is looked at: where each release says which one it is."""
    names = zip(("MAJOR", "MINOR", "PATCH"), version.split("."), strict=True)
    (folder / "tools/cmake").mkdir(parents=True)
    (folder / "tools/cmake/version.cmake").write_text("".join(f"set(IDF_VERSION_{a} {b})\n" for a, b in names))
    return folder


def test_an_esp_idf_that_is_set_up_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("IDF_PATH", str(idf(tmp_path)))
    monkeypatch.setattr(firmware.shutil, "which", lambda name: name)
    assert firmware.toolchain(tmp_path)(["make"]) == ["make"]


@pytest.mark.parametrize(
    ("version", "programs", "sentence"),
    [
        ("5.4.2", ("idf.py",), "is 5.4.2; MicroPython"),
        (pins.esp_idf(), (), "export.sh"),
        (None, ("idf.py",), "there is no ESP-IDF"),
    ],
)
def test_an_esp_idf_that_can_t_be_used_is_refused(tmp_path, monkeypatch, version, programs, sentence):
    monkeypatch.setenv("IDF_PATH", str(idf(tmp_path, version) if version else tmp_path))
    monkeypatch.setattr(firmware.shutil, "which", lambda name: name if name in programs else None)
    with pytest.raises(BuildError, match=re.escape(sentence)):
        firmware.toolchain(tmp_path)


def test_missing_docker_and_esp_idf_lists_the_options(tmp_path, monkeypatch):
    monkeypatch.delenv("IDF_PATH", raising=False)
    monkeypatch.setattr(firmware.shutil, "which", lambda _: None)
    with pytest.raises(BuildError, match="Neither ESP-IDF nor Docker is here"):
        firmware.toolchain(tmp_path)


def test_a_docker_that_does_not_answer_is_said(tmp_path, monkeypatch):
    monkeypatch.delenv("IDF_PATH", raising=False)
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match="Docker does not answer"):
        firmware.toolchain(tmp_path)


@pytest.mark.parametrize(("numbers", "found"), [("1.28.0.0", "1.28.0;"), ("1.29.0.1", "1.29.0-preview;")])
def test_another_micropython_is_refused(tmp_path, numbers, found):
    names = zip(("MAJOR", "MINOR", "MICRO", "PRERELEASE"), numbers.split("."), strict=True)
    (tmp_path / "py").mkdir()
    (tmp_path / "py/mpconfig.h").write_text("".join(f"#define MICROPY_VERSION_{a} {b}\n" for a, b in names))
    with pytest.raises(BuildError, match=re.escape(found)):
        firmware.check_sources(tmp_path)


def test_a_folder_without_micropython_is_refused(tmp_path):
    with pytest.raises(BuildError, match="no checkout of MicroPython"):
        firmware.check_sources(tmp_path)


def test_board_with_psram_needs_no_own_firmware():
    firmware.check_board(GENERIC)
    with pytest.raises(BuildError, match="make flash BOARD=esp32_wrover"):
        firmware.check_board(board_data("esp32_wrover"))


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["name"])
def test_image_names_board_and_version(written, board):
    path = written(evencell_image.whole(board))
    found = firmware_image.read(path)
    assert found and firmware_image.is_evencell_firmware(path)
    assert (found.chip, found.board, found.version) == (board["chip"], board["name"], __version__)
    assert found.start == (0x1000 if board["chip"] == "esp32" else 0)
    assert found.application.label == "ota_0" and found.partitions == firmware.table()


def test_esptool_reads_the_same_version(tmp_path):
    (tmp_path / "app.bin").write_bytes(evencell_image.application(GENERIC))
    command = [sys.executable, "-m", "esptool", "image-info", str(tmp_path / "app.bin")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert re.search(rf"App version: +evencell {re.escape(__version__)}\b", said), said


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xe9",
        b"no image" * 100,
        chip_image.micropython(),
        chip_image.micropython("esp32c3"),
        evencell_image.application(GENERIC),  # an update, without boot loader and table
        evencell_image.whole(GENERIC)[:0x9000],
        evencell_image.whole(GENERIC)[:0xF040],
    ],
    ids=["empty", "one byte", "text", "MicroPython", "of another chip", "an update", "cut", "cut in the application"],
)
def test_other_content_is_no_evencell_firmware(written, content):
    assert not firmware_image.is_evencell_firmware(written(content))


def output(folder: Path, whole: bytes, application: bytes) -> Path:
    """What MicroPython's build leaves."""
    folder.mkdir()
    (folder / "firmware.bin").write_bytes(whole)
    (folder / "micropython.bin").write_bytes(application)
    return folder


def test_both_images_are_named_after_board_and_version(scratch, tmp_path, monkeypatch):
    monkeypatch.setattr(firmware, "BUILD", scratch)
    (scratch / "esp32_generic").mkdir()
    whole, application = evencell_image.whole(GENERIC), evencell_image.application(GENERIC)
    lines = firmware.collect(GENERIC, output(tmp_path / "out", whole, application))
    name = f"evencell-esp32_generic-{__version__}"
    assert (scratch / "esp32_generic" / f"{name}.bin").read_bytes() == whole
    assert (scratch / "esp32_generic" / f"{name}.app-bin").read_bytes() == application
    assert f"{len(whole)} bytes" in lines["whole image"] and f"{len(application)} bytes" in lines["application"]
    assert lines["free"].startswith(f"{0x190000 - len(application)} of ")
    assert "make flash BOARD=esp32_generic FIRMWARE=" in lines["next"] and f"{name}.bin" in lines["next"]


@pytest.mark.parametrize(
    ("whole", "application_bytes", "sentence"),
    [
        (chip_image.micropython(), 4096, "no image of evencell"),
        (evencell_image.whole(board_data("lilygo_t_can485")), 4096, "for lilygo_t_can485"),
        (evencell_image.whole(GENERIC, version="0.0.9"), 4096, "evencell 0.0.9"),
        (evencell_image.whole(GENERIC, ota_1=(0x1B0000, 0x180000)), 4096, "another partition table"),
        (evencell_image.whole(GENERIC), 0x190001, "a slot has 1638400"),
        (evencell_image.whole(GENERIC), 4096, "the size of its parts"),
    ],
    ids=["MicroPython", "board", "version", "table", "too large", "cut"],
)
def test_invalid_image_is_refused(written, whole, application_bytes, sentence):
    with pytest.raises(BuildError, match=sentence):
        firmware.check_image(GENERIC, written(whole), application_bytes)
