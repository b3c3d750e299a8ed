"""What mip installs, and what a MicroPython of one's own freezes."""

import functools
import json
import os
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from host_tests.build.device_folder import OnFlash, hashes
from host_tests.end_to_end.chain import FIXED, FIXED_MV, Simulator
from host_tests.needs import need_micropython
from host_tests.portable import frame_of
from tools.build import frozen as freezing
from tools.build import page
from tools.build.command import make
from tools.build.common import FIRMWARE, ROOT
from tools.build.flatten import flat_name
from tools.build.packages import repository_packages
from tools.build.slots import files_in
from tools.build.tree import board_data, board_module, data_files, firmware_sources

# What another program does with the protocol.
DECODE = """
from evencell.protocol.framing import Framer
from evencell.protocol.jk_balancer import ANSWER_BYTES, ANSWER_HEADER, decode_status

class Record:
    cells_mv = [0] * 24

frame = bytes.fromhex("%s")
framer = Framer(ANSWER_HEADER, ANSWER_BYTES)
framer.feed(frame[:40], 40)
framer.feed(frame[40:], 34)
record = Record()
decode_status(framer.buffer, framer.find(), record)
print(record.pack_mv, record.cells_detected, record.cells_mv[0])
"""


class Served(SimpleHTTPRequestHandler):
    """The files of a folder."""

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def serve():
    """A function that serves a folder over HTTP and returns its address."""
    servers = []

    def start(folder: Path) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Served, directory=folder))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def on_micropython(code: str, path: str = ".frozen") -> str:
    environment = {**os.environ, "MICROPYPATH": path}
    command = [need_micropython(), "-c", code]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def install(package: str, target: Path):
    """With MicroPython's own mip."""
    target.mkdir()
    said = on_micropython(f"import mip; mip.install({package!r}, target={str(target)!r}, mpy=False)")
    assert "Done" in said, said


def test_the_packages_of_the_repository_are_up_to_date():
    for path, content in repository_packages().items():
        assert path.read_text() == content, "renew it: .venv/bin/python -m tools.build.packages"


def test_every_source_of_a_package_is_there():
    for path, content in repository_packages().items():
        for _, source in json.loads(content)["urls"]:
            assert source.startswith("https://") or (path.parent / source).is_file(), source


def test_the_protocol_alone_can_be_installed_and_decodes(serve, tmp_path):
    install(f"{serve(FIRMWARE)}/protocol.json", tmp_path / "lib")
    names = {path.relative_to(tmp_path / "lib").as_posix() for path in files_in(tmp_path / "lib")}
    assert names == {f"evencell/{name}.py" for name in ("__init__", "compat")} | {
        name for name in firmware_sources() if name.startswith("evencell/protocol/")
    }
    said = on_micropython(DECODE % frame_of("maker-example-20s").hex(), f"{tmp_path}/lib:.frozen")
    assert said.split() == ["78910", "20", "3945"]


def test_a_build_can_be_installed_as_it_is(serve, tmp_path, scratch):
    make(board_data("esp32_generic"), None, None, None)
    install(f"{serve(scratch / 'esp32_generic')}/package.json", tmp_path / "device")
    wanted = hashes(scratch / "esp32_generic/flash")
    del wanted["config.json"]  # the owner's own stays
    assert hashes(tmp_path / "device") == wanted


def test_the_repository_can_be_installed_and_runs(serve, tmp_path):
    package = (Path(ROOT) / "package.json").read_text()
    files = json.loads(package)["urls"]
    assert not [source for _, source in files if "://" in source]
    served = tmp_path / "served"
    served.mkdir()
    for name in ("firmware", "boards"):
        (served / name).symlink_to(Path(ROOT) / name)
    (served / "package.json").write_text(package)
    target = tmp_path / "device"
    install(f"{serve(served)}/package.json", target)
    assert len(files_in(target)) == len(files)
    (target / "board.py").write_text(board_module(board_data("host")))
    (target / "boards/host.py").write_text((Path(ROOT) / "boards/host.py").read_text())
    with Simulator(tmp_path, *FIXED) as simulator, OnFlash(target, simulator.link) as firmware:
        firmware.wait_for_line("display is not in this build")
        firmware.wait_for_line("link online")
        assert firmware.pack()["cells_mv"] == FIXED_MV
        page = firmware.get("/")  # as it is: nothing compressed it
        assert page.body == (FIRMWARE / "evencell/forward/http/page/index.html").read_bytes()
        assert "Content-Encoding" not in page.headers


def test_what_is_frozen_is_the_tree_with_its_data_boot_and_main(scratch):
    """By the documented meaning of `include` and `freeze`; test_frozen.py does it with the real makemanifest.py."""
    make(board_data("esp32_generic"), None, None, None, forced=True)
    folder = scratch / "esp32_generic"
    included, frozen, of_micropython = [], {}, []

    def freeze(path: str, script=None):
        if path.startswith("$"):
            of_micropython.append((path, script))
            return
        frozen.update({file.relative_to(folder / path).as_posix(): file for file in files_in(folder / path)})

    exec((folder / "manifest.py").read_text(), {"include": included.append, "freeze": freeze})
    assert included == ["$(MPY_DIR)/extmod/asyncio"]
    assert of_micropython == [("$(PORT_DIR)/modules", ("_boot.py", "flashbdev.py", "inisetup.py"))]
    names = {}
    exec(frozen["frozen_files.py"].read_text(), names)
    data = {"manifest.json", "plan"}
    sources_of = {flat_name(name): name for name in (*data_files(), *page.built())}  # frozen files keep their folders
    assert names["find"]("plan").startswith(b"network 1\ngc 0\n")  # its heap has one size: nothing is claimed
    for path in files_in(folder / "tree"):
        name = sources_of.get(name := path.relative_to(folder / "tree").as_posix(), name)
        is_text = path.parent.name == "display" and path.suffix == ".json"
        if name not in data and (is_text or path.suffix not in (".py", ".mpy", ".json")):
            assert names["find"](name) == path.read_bytes(), name
            data.add(name)
    assert {
        "evencell/forward/http/page/index.html.gz",
        "evencell/forward/http/page/de.json.gz",
        "evencell/forward/http/page/icon.png",
        "evencell/display/text_10.font",
        "evencell/forward/mqtt/discovery.txt",
    } <= data
    in_slot = {path.relative_to(folder / "tree").as_posix() for path in files_in(folder / "tree")}
    code = {str(Path(name).with_suffix(".py")) for name in in_slot - {flat_name(name) for name in data}}
    of_files, of_the_firmware = (
        {flat_name(f"evencell/update/{name}.py") for name in names}
        for names in (("slot_check", "slot_steps", "slot_writer"), ("partition_writer",))
    )
    code = code - of_files | of_the_firmware
    assert {flat_name(name) for name in frozen} == {*code, "boot.py", "main.py", "frozen_files.py"}
    assert frozen["boot.py"].read_bytes() == (FIRMWARE / "frozen_boot.py").read_bytes()
    assert names["find"]("nothing") is None


def test_what_is_frozen_is_frozen_anew_after_every_build(scratch):
    """makemanifest.py goes by the youngest file, and another board's may have been frozen last."""
    board = board_data("esp32_generic")
    freezing.lay_out(scratch / "made", board, "full")
    for file in files_in(scratch / "made"):
        os.utime(file, (0, 0))
    freezing.lay_out(scratch / "made", board, "full")
    assert max(file.stat().st_mtime for file in files_in(scratch / "made/frozen")) > 0
