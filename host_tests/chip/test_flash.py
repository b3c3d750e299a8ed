"""What can be tested of `make flash` without a chip: what is refused and when; the command lines, with real esptool."""

import os
import pty
import sys
import tty
from pathlib import Path

import pytest
from click.testing import CliRunner

from boards.esp32_generic import BOARD
from host_tests.chip.chip_image import FACTORY, micropython
from host_tests.deploy.board_on_a_pty import BoardOnAPty
from host_tests.needs import need_micropython
from tools import build, flash, flash_files
from tools.flash_files import FlashError

PORT = "/dev/ttyUSB-none"
TALKING = """
import time
while True:
    print("0.01 info: evencell 0.1.0 on esp32_generic, id 1")
    print("0.02 info: page at http://192.168.4.1/")
    time.sleep(1)
"""


@pytest.fixture
def files(tmp_path):
    """Files that could be MicroPython, for two chips, and one that couldn't."""
    for chip in ("esp32", "esp32c3"):
        (tmp_path / f"{chip}.bin").write_bytes(micropython(chip))
    (tmp_path / "other.bin").write_bytes(bytes(1000))
    return tmp_path


@pytest.fixture
def silent_port():
    """Somebody holds the other end and never answers."""
    outside, near = pty.openpty()
    tty.setraw(near)
    yield os.ttyname(near)
    os.close(near)
    os.close(outside)


def make_flash(*arguments) -> str:
    """The sentence in which it ends."""
    result = CliRunner().invoke(flash.main, [str(part) for part in arguments])
    assert result.exit_code == 1, result.output
    assert result.output.startswith("Error: ") and result.output.count("\n") == 1, result.output
    return result.output


def test_the_command_lines_of_esptool():
    esptool = [sys.executable, "-m", "esptool", "--chip", "esp32", "--port", "/dev/ttyUSB0"]
    assert flash.detect_command("/dev/ttyUSB0", "esp32") == [*esptool, "flash-id"]
    written = [(0x1000, Path("micropython.bin")), (0x200000, Path("littlefs.bin"))]
    assert flash.write_command("/dev/ttyUSB0", "esp32", written) == [
        *esptool, "--baud", "460800", "--after", "hard-reset", "write-flash", "--erase-all",
        "0x1000", "micropython.bin", "0x200000", "littlefs.bin",
    ]  # fmt: skip


@pytest.mark.parametrize(("flash_mb", "file_system_mb"), [(4, 2), (8, 6)])
@pytest.mark.usefixtures("scratch")
def test_the_file_system_reaches_to_the_end_of_the_flash_that_is_there(files, flash_mb, file_system_mb):
    path = files / "esp32.bin"
    path.write_bytes(micropython("esp32", (FACTORY,)))
    written = flash_files.pieces(BOARD, path, flash_mb, "full", None)
    assert [address for address, _ in written] == [0x1000, 0x200000]
    assert written[1][1].stat().st_size == file_system_mb << 20


def test_esptool_understands_both_and_finds_no_chip(files, silent_port):
    written = [(0x1000, files / "esp32.bin"), (0x200000, files / "other.bin")]
    for command in (flash.detect_command(silent_port, "esp32"), flash.write_command(silent_port, "esp32", written)):
        with pytest.raises(FlashError, match=r"no chip answers\. Hold its BOOT button"):
            flash.esptool(command, silent_port, 60)


def test_no_chip_answers(files, silent_port):
    said = make_flash("--board", "esp32_generic", "--port", silent_port, "--firmware", files / "esp32.bin")
    assert "no chip answers" in said


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("esp32c3.bin", "is for an ESP32-C3, and the board has an ESP32."),
        ("other.bin", "is no firmware of an ESP32"),
        ("none.bin", "No such file or directory."),
    ],
)
def test_the_wrong_file_is_refused_before_the_port_is_opened(files, file, sentence):
    assert sentence in make_flash("--board", "esp32_generic", "--port", PORT, "--firmware", files / file)


def test_no_such_port(files):
    said = make_flash("--board", "esp32_generic", "--port", PORT, "--firmware", files / "esp32.bin")
    assert "there is no such port" in said


def test_without_network_the_way_out_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "BUILD", tmp_path)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # where nobody listens
    with pytest.raises(FlashError, match=r"could not be fetched.*FIRMWARE=that\.bin"):
        flash_files.fetch_micropython(BOARD)


def test_what_was_fetched_once_is_taken_again(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "BUILD", tmp_path)
    fetched = tmp_path / f"firmware/esp32/ESP32_GENERIC-v{flash_files.MICROPYTHON}.bin"
    fetched.parent.mkdir(parents=True)
    fetched.write_bytes(b"")
    assert flash_files.fetch_micropython(BOARD) == fetched


def test_a_flash_that_is_too_small():
    flash.check_size(4, 4)
    with pytest.raises(FlashError, match="has 2 MB, and the board should have 4 MB"):
        flash.check_size(2, 4)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "This chip is ESP32-S3, not ESP32. Wrong chip argument?",
            "is an ESP32-S3, and the board has an ESP32.",
        ),
        ("Could not open /dev/ttyUSB0, the port is busy or doesn't exist.", "it is gone, or another program uses it"),
        ("A fatal error occurred: The chip stopped responding.", "esptool said: A fatal error"),
    ],
)
def test_errors_of_esptool_in_one_sentence(said, sentence):
    assert sentence in flash.remedy(said)


def test_the_first_words_of_the_device(tmp_path):
    need_micropython()
    (tmp_path / "main.py").write_text(TALKING)
    with BoardOnAPty(tmp_path) as board:
        said = flash.first_words(board.path)
    assert said == "It runs: 0.01 info: evencell 0.1.0 on esp32_generic, id 1\nIts page: http://192.168.4.1/"


def test_a_device_that_says_nothing(silent_port, monkeypatch):
    monkeypatch.setattr(flash, "_STARTS_WITHIN_S", 1)
    assert flash.first_words(silent_port).startswith("Written. Nothing was heard from it within 1 s")
