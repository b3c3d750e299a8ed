"""The slot writer on MicroPython: power cut at each write, and images that lie. The slot that runs is never touched."""

import json
import os
import sys
from binascii import hexlify
from hashlib import sha256

import vfs  # pyright: ignore[reportMissingImports] (of MicroPython alone)

from evencell.runtime.lazy import call, keep_modules
from evencell.runtime.log import Log
from evencell.storage.faults import StorageFaults
from evencell.storage.paths import exists
from evencell.update import slot_check, state
from host_tests.fakes import FakeClock
from host_tests.faulty_storage import FaultyStorage, File
from host_tests.history.history_helpers import clear
from host_tests.portable import ROOT, scratch_path

PLACE = "/cut"
PIECE_BYTES = 150
OLD = {"board.py": b"board = 1\n", "evencell/app.mpy": b"old" * 99, "evencell/gone/x.mpy": b"x", "plan": b"gc 0\n"}
NEW = {
    "board.py": b"board = 2\n",
    "evencell/app.mpy": b"new" * 200,
    "evencell/empty.py": b"",
    "evencell/forward/http/page/index.html.gz": b"\x1f\x8b" * 150,
    "plan": b"gc 118000\n",
}
RUNS = {"board.py": b"board = 0\n", "evencell/app.mpy": b"runs" * 50}


class PowerCut(BaseException):
    pass


class Refusal(Exception):
    pass


class TornFile(File):
    """One whose last write is half done."""

    def write(self, data):
        storage = self._storage
        if storage.writes + 1 == storage.cut_at:
            self._file.write(data[: len(data) // 2])
        return super().write(data)


class CutStorage(FaultyStorage):
    """The power goes at the change of the number `cut_at`. It has `blocks` free ones of 4,096 bytes."""

    cut_at = 0
    blocks = 400

    def __init__(self, root: str):
        super().__init__(root, lambda: "")

    def change(self, frees: bool = False):  # noqa: ARG002
        self.writes += 1
        if self.writes == self.cut_at:
            raise PowerCut

    def open(self, path: str, mode: str):
        file = super().open(path, mode)
        return TornFile(file._file, self) if isinstance(file, File) else file

    def statvfs(self, _path: str):
        return 4096, 4096, 512, self.blocks, self.blocks, 0, 0, 0, 0, 255


class Board:
    name = chip = "host"
    storage = PLACE


class Context:
    board = Board()
    update = None

    def __init__(self):
        clock = FakeClock()
        self.storage_faults = StorageFaults(clock, Log(clock))


class Upload:
    """As forward/http/private/update.py has it."""

    slot = "b"
    held = ("answer",)
    file = manifest = None

    def __init__(self, body: bytes, manifest_bytes: int, **header):
        self.context = Context()
        self.size = len(body)
        digest = hexlify(sha256(body).digest()).decode()
        self.header = {
            "kind": "files",
            "board": "host",
            "version": "1.2.0",
            "sha256": digest,
            "manifest": manifest_bytes,
        }
        self.header.update(header)

    def refusal(self, status: int, sentence: str):
        return Refusal(status, sentence)


class Flash:
    """A flash with slot `a`, which runs, and an old one in `b`."""

    def __init__(self):
        self.root = scratch_path("slots")
        os.mkdir(self.root)
        for slot, files in (("a", RUNS), ("b", OLD)):
            for path in files:
                self.put("%s/%s" % (slot, path), files[path])
            self.put(slot + "/manifest.json", manifest(files, "1.1.0"))
        self.put("slot", b"a")
        self.storage = CutStorage(self.root)
        vfs.mount(self.storage, PLACE)

    def put(self, path: str, data: bytes):
        at = path.find("/")
        while at > 0:
            if not exists(self.root + "/" + path[:at]):
                os.mkdir(self.root + "/" + path[:at])
            at = path.find("/", at + 1)
        with open(self.root + "/" + path, "wb") as file:
            file.write(data)

    def read(self, path: str) -> bytes | None:
        if not exists(self.root + "/" + path):
            return None
        with open(self.root + "/" + path, "rb") as file:
            return file.read()

    def has(self, slot: str, files: dict) -> bool:
        """Whether these are all the files of a slot, but for its manifest."""
        found = below(self.root + "/" + slot)
        is_same = all(self.read("%s/%s" % (slot, path)) == files[path] for path in files)
        return is_same and sorted(found) == sorted(list(files) + ["manifest.json"])  # noqa: RUF005

    def boot(self) -> str | None:
        """The slot that boot.py starts."""
        here, paths, names = os.getcwd(), list(sys.path), {}
        os.chdir(self.root)
        try:
            with open(ROOT + "/firmware/boot.py") as file:
                exec(file.read(), names)
        finally:
            os.chdir(here)
            sys.path[:] = paths
        return names["chosen"]

    def is_whole(self, slot: str) -> bool:
        """Whether boot.py would start it."""
        self.put("slot", (slot + " new").encode())
        chosen = self.boot()
        self.put("slot", b"a")
        return chosen == slot

    def close(self):
        vfs.umount(PLACE)
        clear(self.root)
        os.rmdir(self.root)


def below(folder: str, prefix: str = "") -> list:
    found = []
    for entry in os.ilistdir(folder):
        if entry[1] == 0x4000:
            found += below(folder + "/" + entry[0], prefix + entry[0] + "/")
        else:
            found.append(prefix + entry[0])
    return found


def manifest(files: dict, version: str = "1.2.0", board: str = "host") -> bytes:
    """As tools/build/slots.py makes it; that this is so is proven where a built image is sent."""
    lines = [entry(path, len(files[path]), files[path]) for path in sorted(files)]
    return whole(lines, version, board)


def entry(path: str, size: int, content: bytes = b"") -> str:
    return '"%s": [%d, "%s"]' % (path, size, hexlify(sha256(content).digest()).decode())


def whole(lines: list, version: str = "1.2.0", board: str = "host") -> bytes:
    return ('{"version": "%s", "board": "%s", "files": {\n%s\n}}' % (version, board, ",\n".join(lines))).encode()


def image(files: dict) -> tuple:
    """A body, and how many bytes of it are the manifest."""
    first = manifest(files)
    return first + b"".join([files[path] for path in sorted(files)]), len(first)


def receive(upload: Upload, body: bytes, harm=None):
    """`harm()` is called before the end."""
    slot_check.begin(upload)
    for at in range(0, len(body), PIECE_BYTES):
        data, taken = body[at : at + PIECE_BYTES], 0
        while taken < len(data):
            taken += call(upload.writer, "write", upload, data[taken:])
    while not call(upload.writer, "is_complete", upload):
        pass
    if harm:
        harm()
    slot_check.finish(upload)
    state.begin(upload)
    slot_check.activate(upload)


def refused(flash: Flash, upload: Upload, body: bytes, harm=None) -> tuple:
    """Status and sentence; the slot that runs is as it was, and starts again."""
    try:
        receive(upload, body, harm)
    except Refusal as refusal:
        assert flash.has("a", RUNS) and flash.read("slot") == b"a" and flash.boot() == "a"
        assert flash.read("update.json") is None
        return refusal.args
    raise AssertionError("it was taken")


def test_whole_image_starts_next():
    keep_modules(True)  # compiling them again and again is most of the time
    flash = Flash()
    body, size = image(NEW)
    upload = Upload(body, size)
    receive(upload, body)
    assert flash.has("a", RUNS) and flash.has("b", NEW)
    assert flash.read("slot") == b"b new" and flash.boot() == "b"
    assert not exists(flash.root + "/b/evencell/gone")
    update = state.load(upload.context)
    assert (update["state"], update["slot"], update["held"], update["version"]) == (
        "confirming", "b", ["answer"], "1.2.0",
    )  # fmt: skip
    flash.close()


def test_first_image_of_a_device_with_one_slot():
    flash = Flash()
    clear(flash.root + "/b")
    os.rmdir(flash.root + "/b")
    body, size = image(NEW)
    receive(Upload(body, size), body)
    assert flash.has("b", NEW) and flash.boot() == "b"
    flash.close()


def test_power_cut_at_each_write_leaves_a_slot_that_starts():
    """Before the rename of `slot` the old version, after it the new one; and the next update works."""
    body, size = image(NEW)
    cut_at = 0
    ended = []
    while True:
        cut_at += 1
        flash = Flash()
        flash.storage.cut_at = cut_at
        try:
            receive(Upload(body, size), body)
        except PowerCut:
            flash.storage.cut_at = 0
            assert flash.read("slot") == b"a" and flash.boot() == "a", cut_at
            assert flash.has("a", RUNS), cut_at
            assert flash.read("b/manifest.json") is None or flash.is_whole("b"), cut_at
            ended.append(cut_at)
            receive(Upload(body, size), body)
        assert flash.boot() == "b" and flash.has("a", RUNS) and flash.has("b", NEW), cut_at
        flash.close()
        if cut_at not in ended:
            break
    assert len(ended) > 30


def test_bytes_that_arrive_damaged_are_refused():
    body, size = image(NEW)
    for at in range(size, len(body), 97):
        flash = Flash()
        damaged = body[:at] + bytes((body[at] ^ 1,)) + body[at + 1 :]
        status, sentence = refused(flash, Upload(body, size), damaged)
        assert status == 400 and "damaged" in sentence
        flash.close()
    flash = Flash()  # every file is right, the whole is not what was signed
    status, sentence = refused(flash, Upload(body, size, sha256="0" * 64), body)
    assert status == 400 and "another than its header says" in sentence
    flash.close()


def test_manifest_that_the_flash_has_damaged_is_noticed():
    body, size = image(NEW)
    flash = Flash()
    status, sentence = refused(flash, Upload(body, size), body, lambda: flash.put("b/manifest.json.new", b"x"))
    assert status == 507 and "manifest.json" in sentence
    flash.close()


PATHS = (
    "../x", "..", ".", "", "/x", "x/", "a//b", "a/../../x", "a/./b", "./x", "a/..", "boot.py", "main.py",
    "manifest.json", "manifest.json.new", "evencell/app.mpy.new", "a\\\\b", "a:b", "~x y", "\\u0000", "\\u00e4",
    "..\\u002fx",
)  # fmt: skip


def test_path_that_leaves_the_slot_is_refused():
    for path in PATHS:
        flash = Flash()
        first = whole([entry("board.py", 1, b"x"), entry(path, 1, b"x")])
        status, sentence = refused(flash, Upload(first + b"xx", len(first)), first + b"xx")
        assert status == 400 and "no slot has" in sentence, (path, sentence)
        assert flash.has("b", OLD) or exists(flash.root + "/b/manifest.json.new")
        assert flash.read("b/manifest.json") == manifest(OLD, "1.1.0"), path  # nothing was removed
        assert sorted(os.listdir(flash.root)) == ["a", "b", "boots", "slot"], path
        flash.close()


def test_file_that_is_there_twice_is_refused():
    flash = Flash()
    first = whole([entry("board.py", 1, b"x"), entry("plan", 1, b"x"), entry("board.py", 1, b"x")])
    status, sentence = refused(flash, Upload(first + b"xxx", len(first)), first + b"xxx")
    assert status == 400 and sentence == "board.py is in manifest.json twice"
    flash.close()


def test_file_in_the_place_of_a_folder_is_refused():
    flash = Flash()
    first = whole([entry("a", 1, b"x"), entry("a/b", 1, b"x")])
    try:
        receive(Upload(first + b"xx", len(first)), first + b"xx")
        raise AssertionError("it was taken")
    except OSError:
        pass  # a 507 with its sentence
    assert flash.boot() == "a" and flash.has("a", RUNS)
    flash.close()


def test_manifest_that_lies_is_refused_before_anything_is_removed():
    line = entry("board.py", 2, b"xx")
    wrong = (
        whole([entry("board.py", 3, b"xx")]),
        whole([entry("board.py", 1, b"xx")]),
        whole([entry("board.py", -2, b"xx")]),
        whole(['"board.py": [2.0, "%s"]' % ("0" * 64)]),
        whole(['"board.py": [true, "%s"]' % ("0" * 64)]),
        whole(['"board.py": [2, "00"]']),
        whole(['"board.py": 2']),
        whole(['"board.py": [2]']),
        whole(['"board.py"']),
        whole(["1: [2, 3]"]),
        whole([line + ", " + entry("plan", 0)]),
        whole(["{" * 90]),
        whole([line], board="esp32_generic"),
        whole([line], version="1.3.0"),
        whole([line])[:-1],
        whole([line]) + b"\n",
        whole([line]) + b"}",
        whole([line]).replace(b"\n}}", b"}}"),
        whole([line]).replace(b"{\n", b"{"),
        whole(['"%s": [2, "%s"]' % ("x" * 150, "0" * 64)]),
        whole([line]).replace(b"board.py", b"b\xffard.py"),
        b"",
        b"x",
        b"{}",
        json.dumps({"version": "1.2.0", "board": "host", "files": {"board.py": [2, "0" * 64]}}).encode(),
    )
    for number, first in enumerate(wrong):
        flash = Flash()
        status, sentence = refused(flash, Upload(first + b"xx", len(first) or 1), first + b"xx")
        assert status == 400, (number, sentence)
        assert flash.read("b/manifest.json") == manifest(OLD, "1.1.0"), number
        flash.close()


def test_image_without_room_is_refused_before_anything_is_written():
    body, size = image(NEW)
    flash = Flash()
    clear(flash.root + "/b")
    os.rmdir(flash.root + "/b")
    flash.storage.blocks = 8
    status, sentence = refused(flash, Upload(body, size), body)
    assert status == 507 and "KiB" in sentence and flash.storage.writes == 0
    flash.storage.blocks = 12  # as much as its bytes take, but not its files and folders
    assert refused(flash, Upload(body, size), body)[0] == 507
    assert os.listdir(flash.root + "/b") == ["manifest.json.new"]
    flash.close()
