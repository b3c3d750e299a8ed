"""What can be tested of `make flash` without a chip: what is refused and when; the command lines, with real esptool."""

import contextlib
import os
import pty
import sys
import tty
from pathlib import Path

import pytest
from click.testing import CliRunner

from host_tests.build.chip_image import FACTORY, micropython
from host_tests.certificates import make_certificates
from host_tests.deploy.board_on_a_pty import BoardOnAPty
from host_tests.flash.micropython_org import DATE, MicropythonOrg
from host_tests.needs import need_micropython
from tools.build.command import make
from tools.build.common import FIRMWARE
from tools.build.tree import board_data
from tools.flash import command as flash
from tools.flash import files as flash_files
from tools.flash import kept as flash_kept
from tools.flash.files import FlashError

BOARD = board_data("esp32_generic")
PORT = "/dev/ttyUSB-none"
STARTED = "0 info evencell 0.1.0 on esp32_generic, id 7c9ebd3d49aa"
JOINED = 'network: connected to "Home", -61 dBm, address 192.168.1.7, name evencell-3d49aa.local'
FIRST_WORDS = (
    "It runs: evencell 0.1.0 on esp32_generic, id 7c9ebd3d49aa\nIts page: http://evencell-3d49aa.local/ (192.168.1.7)"
)


@pytest.fixture
def files(tmp_path, monkeypatch) -> Path:
    """A folder with firmware for two chips and something else, also for what is fetched."""
    monkeypatch.setattr(flash_files, "BUILD", tmp_path)
    (tmp_path / "esp32.bin").write_bytes(micropython())
    (tmp_path / "esp32c3.bin").write_bytes(micropython("esp32c3"))
    (tmp_path / "auto.bin").write_bytes(micropython(partitions=[FACTORY]))  # takes all the flash that it finds
    (tmp_path / "text.bin").write_bytes(b"not firmware at all")
    (tmp_path / "typo.json").write_text('{"wify": {}}')
    return tmp_path


@pytest.fixture
def silent_port():
    """The other end is open and never answers."""
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


def made(firmware: Path) -> list[tuple[int, Path]]:
    """What is written to a chip whose flash is as large as the board file says."""
    make(BOARD, None, None, firmware)
    return flash_files.pieces(BOARD, firmware)


def test_the_command_lines_of_esptool():
    esptool = [sys.executable, "-m", "esptool", "--chip", "esp32", "--port", "/dev/ttyUSB0", "--baud", "460800"]
    written = [(0x1000, Path("micropython.bin")), (0x200000, Path("littlefs.bin"))]
    addresses = ["0x1000", "micropython.bin", "0x200000", "littlefs.bin"]
    assert flash.write_command("/dev/ttyUSB0", "esp32", written) == [
        *esptool, "--after", "hard-reset", "write-flash", *addresses
    ]  # fmt: skip
    assert flash.write_command("/dev/ttyUSB0", "esp32", written, erase=True)[-5:] == ["--erase-all", *addresses]
    assert flash.write_command("/dev/ttyUSB0", "esp32", written, stub=False)[-6] == "--no-stub"


def test_an_image_that_micropython_would_not_mount_is_refused(files, scratch):
    made(files / "esp32.bin")
    with open(scratch / "esp32_generic/littlefs.bin", "ab") as file:
        file.write(b"\xff" * 4096)
    with pytest.raises(FlashError, match=r"has 2101248 bytes, and MicroPython would look for 2097152: .* Nothing was"):
        flash_files.pieces(BOARD, files / "esp32.bin")


@pytest.mark.usefixtures("scratch")
def test_chip_without_an_answer_is_one_sentence(files, silent_port):
    said = make_flash("--board", "esp32_generic", "--port", silent_port, "--firmware", files / "esp32.bin")
    assert "no chip answers" in said


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("esp32c3.bin", "is for an ESP32-C3, and the board has an ESP32."),
        ("text.bin", "is no firmware of an ESP32"),
        ("none.bin", "there is no such file; make firmware BOARD=… makes evencell's own"),
    ],
)
def test_the_wrong_file_is_refused_before_the_port_is_opened(files, file, sentence):
    assert sentence in make_flash("--board", "esp32_generic", "--port", PORT, "--firmware", files / file)


@pytest.mark.usefixtures("scratch")
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--firmware", "esp32.bin", "--config", "typo.json"], 'did you mean "wifi"'),
        (["--firmware", "esp32.bin", "--profile", "big"], "There is no profile 'big'."),
    ],
)
def test_what_is_wrong_is_said_before_the_chip_is_asked(files, silent_port, monkeypatch, options, sentence):
    monkeypatch.chdir(files)
    assert sentence in make_flash("--board", "esp32_generic", "--port", silent_port, *options)


def test_missing_port_is_one_sentence(files):
    said = make_flash("--board", "esp32_generic", "--port", PORT, "--firmware", files / "esp32.bin")
    assert "there is no such port" in said


@contextlib.contextmanager
def device(folder: Path, *lines: str):
    """MicroPython that prints these lines again and again."""
    need_micropython()
    folder.mkdir()
    said = "\n".join(lines)
    (folder / "main.py").write_text(f"import time\nwhile True:\n    print({said!r})\n    time.sleep(1)\n")
    with BoardOnAPty(folder) as board:
        yield board


@pytest.fixture
def talking(tmp_path):
    """A device that has just started and joined a network."""
    with device(tmp_path / "device", STARTED, "1 info page at http://0.0.0.0:80/", f"4 info {JOINED}") as board:
        yield board


@pytest.mark.parametrize("board", ["", "host"])
def test_available_boards_are_listed(board):
    said = CliRunner().invoke(flash.main, ["--board", board]).output
    assert "Say BOARD= with one of:\n" in said and "\n  esp32_generic " in said
    assert "There is no board 'nix'." in make_flash("--board", "nix")


@pytest.mark.usefixtures("files")
def test_failed_download_names_the_alternative(monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # where nothing listens
    with pytest.raises(FlashError, match=r"for ESP32_GENERIC could not be fetched.*FIRMWARE=that\.bin"):
        flash_files.fetch_micropython(BOARD)


@pytest.mark.parametrize(
    ("board", "other"), [("esp32_wrover", "esp32_generic"), ("esp32_s3_octal", "esp32_s3_generic")]
)
def test_the_image_of_board_and_variant_is_fetched(board, other, files, tmp_path_factory, monkeypatch):
    """And of the board without a variant, whose image mpflash has fetched with it."""
    certificates = make_certificates(tmp_path_factory.mktemp("certificates"), "DNS:micropython.org")
    name, version = board_data(board)["micropython"], flash_files.MICROPYTHON
    with MicropythonOrg(certificates) as site:
        for key, value in site.environment.items():
            monkeypatch.setenv(key, value)
        fetched = flash_files.fetch_micropython(board_data(board))
    image = f"{name}-{board_data(board)['variant']}"
    assert fetched == files / f"firmware/esp32/{image}-v{version}.bin"
    assert fetched.read_text() == f"{image}-{DATE}-v{version}.bin"
    assert f"/download/{name}" in site.paths
    fetched = flash_files.fetch_micropython(board_data(other))
    assert fetched == files / f"firmware/esp32/{name}-v{version}.bin"
    assert fetched.read_text() == f"{name}-{DATE}-v{version}.bin"


def test_downloaded_image_is_reused(files):
    fetched = files / f"firmware/esp32/ESP32_GENERIC-v{flash_files.MICROPYTHON}.bin"
    fetched.parent.mkdir(parents=True)
    fetched.write_bytes(b"")
    assert flash_files.fetch_micropython(BOARD) == fetched


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "This chip is ESP32-S3, not ESP32. Wrong chip argument?",
            "is an ESP32-S3, and the board has an ESP32.",
        ),
        ("Could not open /dev/ttyUSB0, the port is busy or doesn't exist.", "it is gone, or another program uses it"),
        ("A fatal error occurred: The chip stopped responding.", "the connection to the chip broke."),
        ("A fatal error occurred: Failed to start stub flasher.", "NO_STUB=1 does without it"),
        (
            "ERROR: A fatal error occurred: MD5 mismatch\nNote: an error",
            "esptool said: ERROR: A fatal error occurred: MD5",
        ),
    ],
)
def test_errors_of_esptool_in_one_sentence(said, sentence):
    assert sentence in flash.remedy(said)


@pytest.mark.usefixtures("scratch")
@pytest.mark.parametrize(
    ("said", "stays"),
    [("Failed to connect to ESP32", False), ("Could not open /dev/x", False), ("No more data to read", True)],
)
def test_the_copy_of_a_device_stays_only_where_something_may_have_been_written(said, stays):
    kept = {"config.json": b"{}"}
    flash_kept.save("240ac4e29526", kept)
    failing = [sys.executable, "-c", f"import sys; sys.exit({said!r})"]
    with pytest.raises(FlashError) as error:
        flash.write("/dev/x", failing, "240ac4e29526", kept)
    assert flash_kept.load("240ac4e29526") == (kept if stays else None)
    assert ("is safe in" in str(error.value)) == stays


def test_first_log_lines_of_the_device_are_shown(talking):
    assert flash.first_words(talking.path) == FIRST_WORDS


def test_a_page_at_another_port_and_no_network_at_all(tmp_path):
    with device(tmp_path / "one", STARTED, "1 info page at http://0.0.0.0:8080/", f"4 info {JOINED}") as board:
        assert "http://evencell-3d49aa.local:8080/" in flash.first_words(board.path)
    with device(tmp_path / "two", STARTED, "0 info no Wi-Fi: config.json names none, as in …") as board:
        assert "It knows no Wi-Fi. " in flash.first_words(board.path)
    access_point = '0 info setup: access point "evencell-3d49aa" at 192.168.4.1, open for 10 minutes'
    with device(tmp_path / "three", STARTED, access_point) as board:
        assert "join a phone to its Wi-Fi evencell-3d49aa." in flash.first_words(board.path)


def test_a_device_without_a_page_is_given_none(tmp_path):
    with device(tmp_path / "device", STARTED, f"4 info {JOINED}") as board:
        said = flash.first_words(board.path)
    assert said.endswith("\nIts name in the network: evencell-3d49aa.local (192.168.1.7)")


def test_awaited_log_lines_are_those_of_the_firmware():
    """`STARTED` and `JOINED` above are made up; what is looked for in them stands in the sources so."""
    texts = [path.read_text() for path in (FIRMWARE / "evencell").glob("**/*.py")]
    for part in ("evencell %s on %s, id %s", "page at http://%s:%d/", "no Wi-Fi: ", 'setup: access point "%s" at',
                 "network: connected to %s%s, address %s, name %s.local"):  # fmt: skip
        assert any(part in text for text in texts), part


def test_silent_device_is_reported(silent_port, monkeypatch):
    monkeypatch.setattr(flash, "_STARTS_WITHIN_S", 1)
    said = flash.first_words(silent_port)
    assert said.startswith("It sent nothing within 1 s. To see its log: .venv/bin/evencell console --port ")
