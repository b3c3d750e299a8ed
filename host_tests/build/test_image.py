"""The images: littlefs as MicroPython and littlefs-python mount it, and the whole chip with a made-up MicroPython."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from esptool.targets import CHIP_DEFS

from host_tests.build.chip_image import FACTORY, VFS, entry, micropython
from host_tests.build.device_folder import extract, hashes, mounted
from host_tests.needs import need_micropython
from tools.build import image
from tools.build.command import FILE_SYSTEM, WHOLE_CHIP, make, whole_chip
from tools.build.common import BuildError
from tools.build.partitions import BLOCK_BYTES, Partition, in_firmware, mib
from tools.build.slots import contents_of
from tools.build.tree import board_data

GENERIC = board_data("esp32_generic")

# Mounts an image as an ESP32 does, through a block device of its size; prints every file with its hash, writes one.
MOUNT = """
import hashlib, json, os, sys

class Flash:
    def __init__(self, path, blocks):
        self.file, self.blocks = open(path, "r+b"), blocks
    def readblocks(self, block, buffer, offset=0):
        self.file.seek(block * 4096 + offset)
        self.file.readinto(buffer)
    def writeblocks(self, block, buffer, offset=0):
        self.file.seek(block * 4096 + offset)
        self.file.write(buffer)
    def ioctl(self, operation, block):
        if operation == 4:
            return self.blocks
        if operation == 5:
            return 4096
        if operation == 6:
            self.writeblocks(block, b"\\xff" * 4096)
        return 0

def walk(folder):
    for name, kind, *_ in os.ilistdir(folder):
        path = folder + "/" + name
        if kind == 0x4000:
            yield from walk(path)
        else:
            yield path

flash = Flash(sys.argv[1], int(sys.argv[2]))
os.mount(os.VfsLfs2(flash), "/flash")
found = {}
for path in walk("/flash"):
    with open(path, "rb") as file:
        found[path[7:]] = hashlib.sha256(file.read()).digest().hex()
with open("/flash/slot", "w") as file:
    file.write("b new")
os.umount("/flash")
flash.file.close()
print(json.dumps(found))
"""


@pytest.fixture
def built(scratch) -> Path:
    """The folder of a whole build."""
    make(GENERIC, None, None, None)
    return scratch / "esp32_generic"


@pytest.fixture
def firmware(tmp_path) -> Path:
    path = tmp_path / "micropython.bin"
    path.write_bytes(micropython())
    return path


def test_image_holds_the_files_of_its_manifest(built, tmp_path):
    content = (built / FILE_SYSTEM).read_bytes()
    assert len(content) == 0x200000
    extract(content, tmp_path / "out")
    found = hashes(tmp_path / "out")
    assert found == hashes(built / "flash")
    assert {"boot.py", "main.py", "slot", "config.json", "a/board.py", "a/archive.bin"} <= set(found)
    assert (tmp_path / "out/slot").read_text() == "a"
    manifest = json.loads((tmp_path / "out/a/manifest.json").read_text())
    assert manifest["version"] and manifest["board"] == "esp32_generic"
    in_slot = {name[2:]: digest for name, digest in found.items() if name[:2] == "a/" and name != "a/manifest.json"}
    assert {name: digest for name, (_, digest) in manifest["files"].items()} == in_slot
    assert all((built / "flash/a" / name).stat().st_size == size for name, (size, _) in manifest["files"].items())


def test_micropython_mounts_the_image_and_can_write_to_it(built, tmp_path):
    copy = shutil.copy(built / FILE_SYSTEM, tmp_path / "copy.bin")
    result = mount_on_micropython(copy, 512)
    assert json.loads(result.stdout) == hashes(built / "flash"), result.stderr
    file_system = mounted(copy.read_bytes())  # a file does not keep its file system alive
    with file_system.open("slot") as file:
        assert file.read() == "b new"


def test_micropython_mounts_only_an_image_of_just_its_size(built, tmp_path):
    """Why the partition's size matters so much."""
    copy = shutil.copy(built / FILE_SYSTEM, tmp_path / "copy.bin")
    with copy.open("ab") as file:
        file.write(b"\xff" * 512 * BLOCK_BYTES)
    assert "EINVAL" in mount_on_micropython(copy, 1024).stdout


def mount_on_micropython(path: Path, blocks: int) -> subprocess.CompletedProcess:
    script = path.parent / "mount.py"
    script.write_text(MOUNT)
    command = [need_micropython(), str(script), str(path), str(blocks)]
    return subprocess.run(command, capture_output=True, text=True)


def test_room_for_a_second_slot_is_counted(built):
    large = Partition(0x200000, 0x200000)
    _, free = image.littlefs(contents_of(built / "flash"), large)
    just = Partition(0x200000, large.size - free)
    assert image.littlefs(contents_of(built / "flash"), just)[1] == 0
    smaller = Partition(0x200000, just.size - BLOCK_BYTES)
    assert image.littlefs(contents_of(built / "flash"), smaller)[1] == -BLOCK_BYTES
    with pytest.raises(BuildError, match="The files do not fit"):
        image.littlefs(contents_of(built / "flash"), Partition(0x200000, 32 * BLOCK_BYTES))


def test_the_whole_chip_has_micropython_and_the_files_where_the_chip_looks_for_them(scratch, firmware):
    make(GENERIC, None, None, firmware)
    whole_chip(GENERIC, firmware)
    folder = scratch / "esp32_generic"
    whole = (folder / WHOLE_CHIP).read_bytes()
    assert len(whole) == mib(4)
    assert whole[:0x1000] == b"\xff" * 0x1000
    assert whole[0x1000 : 0x1000 + len(micropython())] == micropython()
    assert whole[0x200000:] == (folder / FILE_SYSTEM).read_bytes()
    web = json.loads((folder / "web.json").read_text())
    assert web["name"] and web["version"]
    assert web["builds"] == [{"chipFamily": "ESP32", "parts": [{"path": WHOLE_CHIP, "offset": 0}]}]
    page = (folder / "index.html").read_text()
    assert 'manifest="web.json"' in page and "unpkg.com, a CDN" in page


def test_a_build_without_micropython_leaves_no_older_image(scratch, firmware):
    make(GENERIC, None, None, firmware)
    whole_chip(GENERIC, firmware)
    make(GENERIC, None, None, None)
    assert not list((scratch / "esp32_generic").glob("w*")) and not (scratch / "esp32_generic/index.html").exists()


@pytest.mark.parametrize(
    ("chip", "family", "offset"), [("esp32", "ESP32", 0x1000), ("esp32c3", "ESP32-C3", 0), ("esp32s3", "ESP32-S3", 0)]
)
def test_every_chip_has_its_address_and_name(chip, family, offset, tmp_path):
    path = tmp_path / "micropython.bin"
    path.write_bytes(micropython(chip))
    content = image.load_firmware(path, chip)
    partition = image.firmware_partition(path, content, chip, 4)
    assert partition == (0x200000, 0x200000)
    assert image.merge(content, b"files", partition, chip)[offset:].startswith(content)
    image.offer_in_browser(tmp_path, {"name": "x", "chip": chip, "description": "<x>"}, "whole.bin")
    assert json.loads((tmp_path / "web.json").read_text())["builds"][0]["chipFamily"] == family
    assert "<x>" not in (tmp_path / "index.html").read_text()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (micropython("esp32c3"), "is for an ESP32-C3, and the board has an ESP32."),
        (b"not firmware at all", "is no firmware of an ESP32"),
        (b"", "is no firmware of an ESP32"),
        (micropython()[:100], "is no firmware of an ESP32"),
        (micropython()[:40] + b"\x5a" + micropython()[41:], "is damaged"),
        (micropython()[:0x2000], "holds no partition table"),
        (micropython(partitions=(FACTORY, ("vfs", 1, 0x81, 0x200000, 0xE00000))), "larger flash than the 4 MiB"),
        (micropython() + b"\0" * 0x200000, "reaches into its own file system"),
    ],
    ids=["chip", "text", "empty", "cut", "damaged", "no table", "flash", "length"],
)
def test_a_micropython_that_does_not_fit_is_refused_with_one_sentence(content, sentence, tmp_path):
    path = tmp_path / "micropython.bin"
    path.write_bytes(content)
    with pytest.raises(BuildError) as refusal:
        image.firmware_partition(path, image.load_firmware(path, "esp32"), "esp32", 4)
    assert sentence in str(refusal.value) and "\n" not in str(refusal.value)
    assert len(re.findall(r"\.(?= |$)", str(refusal.value))) <= 2


def test_without_a_vfs_in_its_table_micropython_takes_what_is_behind_the_application():
    start = CHIP_DEFS["esp32"].BOOTLOADER_FLASH_OFFSET
    assert in_firmware(micropython(partitions=[FACTORY]), start, mib(16)) == (0x200000, 0xE00000)
    assert in_firmware(micropython(partitions=[FACTORY, VFS]), start, mib(16)) == (0x200000, 0x200000)
    assert in_firmware(micropython()[:0x7000], start, mib(4)) is None
    assert len(entry(*VFS)) == 32
