"""What can be tested of `make flash` without a chip: what is refused and when; the command lines, with real esptool."""

import os
import pty
import struct
import sys
import tty

import pytest
from click.testing import CliRunner

from host_tests.deploy.board_on_a_pty import BoardOnAPty
from host_tests.needs import need_micropython
from tools import flash, flash_files
from tools.flash_files import FlashError

BOARD = {"name": "esp32_generic", "chip": "esp32"}
PORT = "/dev/ttyUSB-none"
TALKING = """
import time
while True:
    print("0.01 info: evencell 0.1.0 on esp32_generic, id 1")
    print("0.02 info: page at http://192.168.4.1/")
    time.sleep(1)
"""


@pytest.fixture
def build(tmp_path, monkeypatch):
    """A build folder with a file system, and firmware files for two chips beside it."""
    monkeypatch.setattr(flash_files, "BUILD", tmp_path)
    (tmp_path / "esp32_generic").mkdir()
    (tmp_path / "esp32_generic/littlefs.bin").write_bytes(b"\xff" * 4096)
    (tmp_path / "esp32.bin").write_bytes(image(0))
    (tmp_path / "esp32c3.bin").write_bytes(image(5))
    return tmp_path


@pytest.fixture
def silent_port():
    """Somebody holds the other end and never answers."""
    outside, near = pty.openpty()
    tty.setraw(near)
    yield os.ttyname(near)
    os.close(near)
    os.close(outside)


def image(chip: int) -> bytes:
    """The header of an image for the chip with this number, and some more."""
    return struct.pack("<BBBBIBBBBHBHHIB", 0xE9, 3, 2, 0x20, 0x40081000, 0xEE, 0, 0, 0, chip, 0, 0, 0, 0, 0) + bytes(
        100
    )


def make_flash(*arguments) -> str:
    """The sentence in which it ends."""
    result = CliRunner().invoke(flash.main, [str(part) for part in arguments])
    assert result.exit_code == 1, result.output
    assert result.output.startswith("Error: ") and result.output.count("\n") == 1, result.output
    return result.output


def test_the_command_lines_of_esptool(build):
    esptool = [sys.executable, "-m", "esptool", "--chip", "esp32", "--port", "/dev/ttyUSB0"]
    assert flash.detect_command("/dev/ttyUSB0", "esp32") == [*esptool, "flash-id"]
    written = flash_files.pieces(BOARD, build / "esp32.bin")
    assert flash.write_command("/dev/ttyUSB0", "esp32", written) == [
        *esptool, "--baud", "460800", "--after", "hard-reset", "write-flash", "--erase-all",
        "0x1000", str(build / "esp32.bin"), "0x200000", str(build / "esp32_generic/littlefs.bin"),
    ]  # fmt: skip


@pytest.mark.parametrize("chip", ["esp32c3", "esp32s3"])
def test_other_chips_start_at_address_0(build, chip):
    (address, _), _ = flash_files.pieces({**BOARD, "chip": chip}, build / "esp32c3.bin")
    assert address == 0


def test_esptool_understands_both_and_finds_no_chip(build, silent_port):
    written = flash_files.pieces(BOARD, build / "esp32.bin")
    for command in (flash.detect_command(silent_port, "esp32"), flash.write_command(silent_port, "esp32", written)):
        with pytest.raises(FlashError, match=r"no chip answers\. Hold its BOOT button"):
            flash.esptool(command, silent_port, 60)


def test_no_chip_answers(build, silent_port):
    said = make_flash("--board", "esp32_generic", "--port", silent_port, "--firmware", build / "esp32.bin")
    assert "no chip answers" in said


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("esp32c3.bin", "is for the chip esp32c3, and the board has an esp32."),
        ("esp32_generic/littlefs.bin", "is no firmware of an ESP32."),
        ("none.bin", "No such file or directory."),
    ],
)
def test_the_wrong_file_is_refused_before_the_port_is_opened(build, file, sentence):
    assert sentence in make_flash("--board", "esp32_generic", "--port", PORT, "--firmware", build / file)


def test_no_such_port(build):
    said = make_flash("--board", "esp32_generic", "--port", PORT, "--firmware", build / "esp32.bin")
    assert "there is no such port" in said


@pytest.mark.parametrize("board", ["", "host", "nix"])
def test_which_boards_there_are(board):
    assert "Say BOARD= with one of esp32_" in make_flash("--board", board, "--port", PORT)


def test_without_a_built_file_system(build):
    (build / "esp32_generic/littlefs.bin").unlink()
    with pytest.raises(FlashError, match="Build it: make build BOARD=esp32_generic"):
        flash_files.pieces(BOARD, build / "esp32.bin")


@pytest.mark.usefixtures("build")
def test_without_network_the_way_out_is_named(monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # where nobody listens
    with pytest.raises(FlashError, match=r"could not be fetched.*FIRMWARE=that\.bin"):
        flash_files.fetch_micropython(BOARD)


def test_what_was_fetched_once_is_taken_again(build):
    fetched = build / f"firmware/esp32/ESP32_GENERIC-v{flash_files.MICROPYTHON}.bin"
    fetched.parent.mkdir(parents=True)
    fetched.write_bytes(image(0))
    assert flash_files.fetch_micropython(BOARD) == fetched


def test_a_flash_that_is_too_small(build):
    needed = flash_files.needed_bytes(flash_files.pieces(BOARD, build / "esp32.bin"))
    assert needed == 0x200000 + 4096
    flash.check_size(needed, needed)
    with pytest.raises(FlashError, match="has 2 MB, and 3 MB are needed"):
        flash.check_size(0x200000, needed)


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
