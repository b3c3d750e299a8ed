"""`make flash` with the real esptool against a chip in its boot loader (esp32-mock-bootloader).

What lies on the chip's flash afterwards is compared byte for byte. Not proven here: baud rates, the reset lines,
USB-JTAG, and timing.
"""

import itertools
import json
import os
import pty
import re
import shutil
import socket
import struct
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from littlefs import LittleFS

from host_tests.build import evencell_image
from host_tests.build.chip_image import FACTORY, micropython
from host_tests.build.device_folder import extract, hashes, mounted
from host_tests.flash.boot_loader import UNTOUCHED, BootLoader
from host_tests.own_build import own_build
from tools.build import partitions
from tools.build.common import BUILD
from tools.build.image import start, write
from tools.build.partitions import BLOCK_BYTES, mib
from tools.build.slots import contents_of
from tools.build.tree import board_data
from tools.flash import command as flash
from tools.flash.chip import FlashError, boot_loader
from tools.flash.kept import CannotKeepError, files_on

BOARDS = {"esp32": "esp32_generic", "esp32c3": "esp32_c3_supermini", "esp32s3": "esp32_s3_generic"}
VFS_AT = 0x200000


@pytest.fixture(autouse=True)
def quick(monkeypatch, scratch):
    """What is compiled is there already, and the first words are not awaited: no device is behind the boot loader."""
    monkeypatch.setattr(flash, "_STARTS_WITHIN_S", 0)
    shutil.copytree(BUILD / "esp32_generic/flash/a", scratch / "esp32_generic/flash/a")


@pytest.fixture
def firmware(tmp_path):
    """A function that makes a MicroPython for a chip, which takes all the flash that it finds."""

    def made(chip: str) -> Path:
        path = tmp_path / f"{chip}.bin"
        path.write_bytes(micropython(chip, partitions=[FACTORY]))
        return path

    return made


def make_flash(port: str, chip: str, firmware: Path, *options) -> str:
    """What it says when it succeeds."""
    result = invoke(port, chip, firmware, *options)
    assert result.exit_code == 0, result.output
    return result.output


def refused(port: str, chip: str, firmware: Path, *options) -> str:
    """The one sentence in which it ends."""
    result = invoke(port, chip, firmware, *options)
    assert result.exit_code == 1, result.output
    last = result.output.splitlines()[-1]
    assert last.startswith(f"Error: {port}: ") and "Traceback" not in result.output, result.output
    return last


def invoke(port: str, chip: str, firmware: Path, *options):
    arguments = ["--board", BOARDS[chip], "--port", port, "--firmware", firmware, *options]
    return CliRunner().invoke(flash.main, [str(argument) for argument in arguments])


def assert_written(there: BootLoader, chip: str, firmware: Path, file_system: bytes):
    """MicroPython and the file system where the chip looks for them, and not a byte in another sector."""
    content = firmware.read_bytes()
    end = start(chip) + len(content)
    next_sector = -(-end // BLOCK_BYTES) * BLOCK_BYTES
    assert there.flash[start(chip) : end] == content
    assert set(there.flash[end:next_sector]) <= {UNTOUCHED, 0xFF}  # without the stub the last block is filled up
    assert there.flash[VFS_AT:] == file_system
    assert set(there.flash[: start(chip)] + there.flash[next_sector:VFS_AT]) == {UNTOUCHED}


@pytest.mark.parametrize(
    ("chip", "flash_mb", "options"),
    [
        ("esp32", 4, []),
        ("esp32c3", 8, []),
        ("esp32s3", 16, []),
        ("esp32c3", 4, ["--no-stub"]),
    ],
)
def test_files_are_written_where_the_chip_reads_them(scratch, firmware, chip, flash_mb, options):
    """An ESP32 without the stub: `test_a_device_keeps_configuration_and_history`."""
    with BootLoader(chip, flash_mb) as there:
        said = make_flash(there.path if options else there.url, chip, firmware(chip), *options)
        file_system = (scratch / BOARDS[chip] / "littlefs.bin").read_bytes()
        assert len(file_system) == mib(flash_mb) - VFS_AT
        assert_written(there, chip, firmware(chip), file_system)
    assert f"{len(file_system)} bytes for address 0x200000" in said
    extract(file_system, scratch / "out")
    assert hashes(scratch / "out") == hashes(scratch / BOARDS[chip] / "flash")


@pytest.fixture
def direct(monkeypatch):
    """A function after which esptool writes nothing to a chip: its flash gets the bytes at once.

    For tests of what is read, kept and built, at a tenth of the time; what esptool does with the same command is above.
    """

    def written_to(there: BootLoader):
        def write(_port: str, command: list[str], *_):
            _, *arguments = command[command.index("write-flash") :]
            places = [each for each in arguments if each != "--erase-all"]
            for address, path in zip(places[::2], places[1::2], strict=True):
                content = Path(path).read_bytes()
                there.flash[int(address, 16) : int(address, 16) + len(content)] = content

        monkeypatch.setattr(flash, "write", write)

    return written_to


class TestRefusals:
    """One sentence each, and nothing is written."""

    def test_other_chip_is_refused(self, firmware):
        with BootLoader("esp32s3", 4) as there:
            said = refused(there.url, "esp32", firmware("esp32"))
            assert "the chip there is an ESP32-S3, and the board has an ESP32. Nothing was written." in said
            assert set(there.flash) == {UNTOUCHED}

    def test_too_small_flash_is_refused(self, firmware):
        with BootLoader("esp32", 2) as there:
            result = invoke(there.url, "esp32", firmware("esp32"))
            assert "is for a larger flash than the 2 MiB of the board." in result.output.splitlines()[-1]
            assert set(there.flash) == {UNTOUCHED}

    def test_silent_chip_is_one_sentence(self, firmware):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"socket://127.0.0.1:{silent.getsockname()[1]}"
            assert "no chip answers. Hold its BOOT button" in refused(url, "esp32", firmware("esp32"))

    def test_missing_chip_is_one_sentence(self, firmware):
        assert "connection refused" in refused("socket://127.0.0.1:1", "esp32", firmware("esp32"))

    def test_board_for_another_psram_is_refused(self, firmware):
        with BootLoader("esp32s3", 8, psram_mb=8) as there:
            said = refused(there.url, "esp32s3", firmware("esp32s3"))
            assert "the chip has octal PSRAM, and esp32_s3_generic has quad PSRAM" in said
            assert "BOARD= with one of waveshare_s3_rs485_can, esp32_s3_octal, or FORCE=1" in said
            assert set(there.flash) == {UNTOUCHED}


def test_an_s3_without_psram_is_flashed_as_one(scratch, firmware, direct):
    with BootLoader("esp32s3", 4) as there:
        direct(there)
        said = make_flash(there.path, "esp32s3", firmware("esp32s3"))
    assert "The chip has no PSRAM inside, and esp32_s3_generic is a board with quad PSRAM." in said
    assert "not measured whether these fit" in said
    plan = (scratch / "esp32_s3_generic/flash/a/plan").read_text()
    assert re.fullmatch(r"network 1\ngc 0\nnames [0-9a-f]{12}\n", plan)


def test_quad_psram_is_found(scratch, firmware, direct):
    with BootLoader("esp32s3", 4, psram_mb=2) as there:
        direct(there)
        assert "memory       ESP32-S3 with PSRAM" in make_flash(there.path, "esp32s3", firmware("esp32s3"))
    assert "lives page history mqtt tls " in (scratch / "esp32_s3_generic/flash/a/plan").read_text()


def test_an_interruption_is_a_sentence_and_the_next_flash_finishes(firmware):
    """While the stub is loaded, and while the file system is written."""
    with BootLoader("esp32", 4) as there:
        for count, is_written in ((20_000, False), (100_000, True)):
            there.cut_after(count)
            said = refused(there.url, "esp32", firmware("esp32"))
            assert "the connection to the chip broke. Plug it in and type the same again." in said
            assert (set(there.flash[VFS_AT:]) != {UNTOUCHED}) == is_written
            there.mend()
        make_flash(there.url, "esp32", firmware("esp32"))


LEFT = {
    "config.json": b'{"name": "Mine", "wifi": {"networks": [{"ssid": "Home", "password": "gE7h3im"}]}}',
    "learned.json": b'{"scale": 1}',
    "crashes.json": b"[]",
    "history/0": bytes(range(256)) * 40,
    "journal4/17": b"readings" * 500,
    "ca.der": b"0certificate",
}  # what a device has written by itself, and what its owner put there


@pytest.fixture(scope="module")
def flashed(tmp_path_factory):
    """The flash of an ESP32 after `make flash`, and its MicroPython."""
    folder = tmp_path_factory.mktemp("flashed")
    with pytest.MonkeyPatch.context() as patch, BootLoader("esp32", 4) as there:
        own_build(folder / "build", patch)
        patch.setattr(flash, "_STARTS_WITHIN_S", 0)
        (folder / "esp32.bin").write_bytes(micropython(partitions=[FACTORY]))
        make_flash(there.path, "esp32", folder / "esp32.bin")
        return bytes(there.flash)


@pytest.fixture
def device(flashed):
    """A device in its boot loader, after it has run for a while."""
    with BootLoader("esp32", 4) as there:
        there.flash[:] = flashed
        change(there, LEFT | {"boots": b"1 a", "slot": b"a"})
        yield there


def change(there: BootLoader, files: dict[str, bytes]):
    """Write files as the device does, or one that is damaged."""
    system = mounted(bytes(there.flash[VFS_AT:]))
    write(system, files)
    there.flash[VFS_AT:] = system.context.buffer


def files_of(there: BootLoader, folder: Path) -> dict[str, bytes]:
    extract(bytes(there.flash[VFS_AT:]), folder)
    return contents_of(folder)


@pytest.mark.parametrize("options", [[], ["--no-stub"]], ids=["stub", "no-stub"])
def test_a_device_keeps_configuration_and_history(device, firmware, tmp_path, options):
    change(device, {"a/archive.bin": b"old", "a/stale.mpy": b"old", "boots": b"4 a"})
    said = make_flash(device.path, "esp32", firmware("esp32"), *options)
    assert "kept         ca.der, config.json, crashes.json, history, journal4, learned.json of the device" in said
    found = files_of(device, tmp_path / "after")
    for path in set(LEFT) - {"config.json"}:
        assert found[path] == LEFT[path]
    # There is no memory for a display: the build switches it off in the device's own configuration.
    assert json.loads(found["config.json"]) == {**json.loads(LEFT["config.json"]), "display": {"driver": "none"}}
    assert "a/stale.mpy" not in found and "boots" not in found and found["a/archive.bin"] != b"old"
    assert not list(tmp_path.glob("build/kept/*"))


def test_a_configuration_that_is_given_replaces_the_devices(device, direct, firmware, tmp_path):
    direct(device)
    (tmp_path / "my.json").write_text('{"name": "Another", "profile": "telemetry"}')
    said = make_flash(device.path, "esp32", firmware("esp32"), "--config", tmp_path / "my.json")
    assert "the configuration until now is config.json.old" in said and "profile      telemetry" in said
    found = files_of(device, tmp_path / "after")
    assert json.loads(found["config.json"])["name"] == "Another"
    assert found["config.json.old"] == LEFT["config.json"] and found["history/0"] == LEFT["history/0"]


@pytest.mark.parametrize(
    "content",
    [
        b"{torn",
        b"\xff\x00",
        b"[1]",
        b'{"wify": 5, "display": 7}',
        b'{"profile": "huge", "mqtt": 7, "wifi": 7, "packs": 7}',
    ],
)
def test_a_configuration_that_the_device_cannot_use_is_no_obstacle(device, direct, firmware, tmp_path, content):
    """Without another to fall back to, the device uses none of it, and nor does the build."""
    direct(device)
    change(device, {"config.json": content})
    make_flash(device.path, "esp32", firmware("esp32"))
    assert files_of(device, tmp_path / "after")["history/0"] == LEFT["history/0"]


@pytest.mark.parametrize("left", ["config.json.old", "config.json.new"])
def test_the_configuration_that_the_device_falls_back_to_stays_in_use(device, direct, firmware, tmp_path, left):
    """config.json is damaged, or was not yet renamed when the power went."""
    direct(device)
    if left.endswith("old"):
        change(device, {"config.json": b"{torn", left: LEFT["config.json"]})
    else:
        system = mounted(bytes(device.flash[VFS_AT:]))
        system.rename("config.json", left)
        device.flash[VFS_AT:] = system.context.buffer
    said = make_flash(device.path, "esp32", firmware("esp32"))
    assert "the configuration until now" not in said
    assert json.loads(files_of(device, tmp_path / "after")["config.json"])["wifi"]["networks"][0]["ssid"] == "Home"


def test_erase_deletes_everything(device, firmware, tmp_path):
    said = make_flash(device.path, "esp32", firmware("esp32"), "--erase")
    assert "kept  " not in said
    found = files_of(device, tmp_path / "after")
    assert json.loads(found["config.json"]) == {"display": {"driver": "none"}}
    assert set(LEFT) & set(found) == {"config.json"}
    assert set(device.flash[:0x1000]) == {0xFF}


def test_what_was_kept_survives_an_interruption(device, firmware, tmp_path):
    before = bytes(device.flash[VFS_AT:])
    device.cut_after(100_000)  # while the file system is written
    said = refused(device.url, "esp32", firmware("esp32"))
    device.mend()
    assert "What was on the device is safe in " in said
    assert device.flash[VFS_AT:] != before
    saved = tmp_path / "build/kept/240ac4e29526"
    assert (saved / "history/0").read_bytes() == LEFT["history/0"]
    assert saved.stat().st_mode & 0o777 == 0o700  # the configuration holds passwords
    device.flash[VFS_AT:] = b"\xff" * mib(2)  # a real chip erases what it will write
    make_flash(device.url, "esp32", firmware("esp32"))
    found = files_of(device, tmp_path / "after")
    assert found["history/0"] == LEFT["history/0"] and found["ca.der"] == LEFT["ca.der"]
    assert not saved.exists()


def test_a_device_that_ran_on_after_an_interruption_is_not_set_back(device, direct, firmware, tmp_path):
    direct(device)
    saved = tmp_path / "build/kept/240ac4e29526"
    saved.mkdir(parents=True)
    (saved / "config.json").write_text('{"name": "Of last year"}')
    before = bytes(device.flash)
    said = refused(device.path, "esp32", firmware("esp32"))
    assert "was interrupted, and by now it holds something else than" in said and saved.name in said
    assert device.flash == before
    shutil.rmtree(saved)
    make_flash(device.path, "esp32", firmware("esp32"))
    assert b"Mine" in files_of(device, tmp_path / "after")["config.json"]


def test_what_does_not_fit_beside_the_firmware_is_refused(device, firmware):
    with open("/dev/urandom", "rb") as noise:
        change(device, {"history/large": noise.read(mib(5) // 4)})
    before = bytes(device.flash)
    result = invoke(device.path, "esp32", firmware("esp32"))
    assert re.search(r"Two slots do not fit .* bytes are kept of the device: ERASE=1 keeps nothing\.$", result.output)
    assert device.flash == before


STRANGERS = {"boot.py": b"", "main.py": b"print(1)", "mine.txt": b"x"}


@pytest.fixture(params=["strangers", "damaged", "fat"])
def unkept(request, flashed):
    """A chip whose files can't be kept: another program's, and file systems that can't be read."""
    with BootLoader("esp32", 4) as there:
        there.flash[:] = flashed
        if request.param == "strangers":
            system = LittleFS(block_size=BLOCK_BYTES, block_count=512)
            write(system, STRANGERS)
            there.flash[VFS_AT:] = system.context.buffer
        elif request.param == "fat":
            there.flash[VFS_AT : VFS_AT + 8192] = b"\xeb\xfe\x90MSDOS5.0".ljust(510, b"\0") + b"\x55\xaa" + bytes(7680)
        else:
            there.flash[VFS_AT + 40 : VFS_AT + 4096] = b"\0" * 4056
            there.flash[VFS_AT + 4096 + 40 : VFS_AT + 8192] = b"\0" * 4056
        yield there


SENTENCES = (
    r"its flash holds files that are not evencell's: main.py, mine.txt\.|its file system is damaged: config|"
    r"not a file system of MicroPython"
)


def test_nothing_is_deleted_unasked(unkept, direct, firmware):
    direct(unkept)
    before = bytes(unkept.flash)
    said = refused(unkept.path, "esp32", firmware("esp32"))
    assert re.search(SENTENCES, said) and said.endswith(" ERASE=1 deletes it.")
    assert unkept.flash == before
    make_flash(unkept.path, "esp32", firmware("esp32"), "--erase")


@pytest.mark.parametrize("answer", ["y\n", "n\n"])
def test_deletion_is_confirmed_at_a_terminal(unkept, direct, firmware, monkeypatch, answer):
    direct(unkept)
    before = bytes(unkept.flash)
    outside, near = pty.openpty()
    os.write(outside, answer.encode())
    arguments = ["--board", "esp32_generic", "--port", unkept.path, "--firmware", str(firmware("esp32"))]
    with os.fdopen(near) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        if answer == "y\n":
            flash.main.main(arguments, standalone_mode=False)
            assert unkept.flash != before
        else:
            with pytest.raises(FlashError, match=r"nothing was written\."):
                flash.main.main(arguments, standalone_mode=False)
            assert unkept.flash == before
    os.close(outside)


def test_a_fresh_micropython_has_nothing_to_keep(firmware, direct, flashed):
    with BootLoader("esp32", 4) as there:
        direct(there)
        there.flash[:] = flashed
        system = LittleFS(block_size=BLOCK_BYTES, block_count=512)
        write(system, {"boot.py": b"# This file is executed on every boot"})
        there.flash[VFS_AT:] = system.context.buffer
        assert "kept  " not in make_flash(there.path, "esp32", firmware("esp32"))


def test_directories_in_a_circle_are_damage():
    """The root's block in the place of a directory's: littlefs itself would read without end."""
    system = LittleFS(block_size=BLOCK_BYTES, block_count=16)
    write(system, {"config.json": b"{}", "a/1": b"x" * 5_000, "history/0": b"y" * 5_000})
    image = bytes(system.context.buffer)
    table = chip_table(VFS_AT, len(image))
    root, used = image[:BLOCK_BYTES], [at for at in range(0, len(image), BLOCK_BYTES) if image[at] != 0xFF]
    for place, other in itertools.permutations(used, 2):
        content = bytearray(image)
        content[other : other + BLOCK_BYTES] = content[place : place + BLOCK_BYTES]
        content[place : place + BLOCK_BYTES] = root
        try:
            files_on(FlashOnly(table, bytes(content)))
        except CannotKeepError as error:
            assert "its file system is damaged" in str(error)


def chip_table(offset: int, size: int) -> bytes:
    """A partition table with a file system."""
    return struct.pack("<2sBBII16sI", b"\xaa\x50", 1, 0x81, offset, size, b"vfs", 0)


class FlashOnly:
    """A chip with a partition table and a file system behind VFS_AT."""

    mac = "240ac4e29526"

    def __init__(self, table: bytes, content: bytes):
        self.flash_bytes = VFS_AT + len(content)
        self._table, self._content = table, content

    def read(self, address: int, size: int) -> bytes:
        if address == partitions.TABLE_OFFSET:
            return self._table.ljust(size, b"\xff")
        return self._content[address - VFS_AT :][:size]


def test_only_what_is_used_of_the_flash_is_read(device):
    before = device.sent
    with boot_loader(device.path, "esp32") as chip:
        found = files_on(chip)
    assert found["history/0"] == LEFT["history/0"]
    assert device.sent - before < mib(1)


def test_evencells_own_firmware_brings_no_files_and_keeps_what_is_there(device, direct, tmp_path):
    direct(device)
    board = board_data("esp32_generic")
    path = tmp_path / "evencell.bin"
    path.write_bytes(evencell_image.whole(board))
    said = make_flash(device.path, "esp32", path)
    assert "memory       ESP32 without PSRAM, evencell's own firmware" in said
    partition = partitions.in_firmware(path.read_bytes(), 0x1000, mib(4))
    extract(bytes(device.flash[partition.offset :]), tmp_path / "after")
    found = contents_of(tmp_path / "after")
    assert set(found) == {"config.json"} | set(LEFT)
    assert found["history/0"] == LEFT["history/0"]
    path.write_bytes(evencell_image.whole(board_data("lilygo_t_can485")))
    result = invoke(device.path, "esp32", path)
    assert "is evencell's firmware for lilygo_t_can485, and the board is esp32_generic." in result.output
