"""What heaps are measured with, but for the compiler: sentences, and a life that ends early."""

import hashlib
import http.server
import subprocess
import sys
import threading
import time

import pytest

from tools.bench import fast, heap, unix32
from tools.build.common import BuildError


@pytest.mark.parametrize(("program", "packages"), [("make", "build-essential"), ("gcc", "build-essential")])
def test_a_missing_program_is_named(monkeypatch, program, packages):
    monkeypatch.setattr(unix32.shutil, "which", lambda name: None if name == program else f"/usr/bin/{name}")
    with pytest.raises(BuildError, match=f"{program} is missing: apt-get install {packages}"):
        unix32.check_tools()


def test_a_compiler_without_32_bits_is_reported(monkeypatch):
    monkeypatch.setattr(unix32.shutil, "which", lambda name: name)
    monkeypatch.setattr(unix32, "builds_for_32_bits", lambda: None)
    with pytest.raises(BuildError, match="gcc-multilib"):
        unix32.check_tools()


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serves a file; `build/` is a folder of its own."""
    monkeypatch.setattr(unix32, "BUILD", tmp_path / "build")

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"sources")

        def log_message(self, *_):
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as there:
        threading.Thread(target=there.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{there.server_port}/sources.tar.xz"
        there.shutdown()


def test_what_is_fetched_is_kept_if_it_is_the_right_one(server, tmp_path):
    with pytest.raises(BuildError, match="is not the file it was"):
        unix32.fetched(server, hashlib.sha256(b"others").hexdigest())
    assert not list((tmp_path / "build").iterdir())
    file = unix32.fetched(server, hashlib.sha256(b"sources").hexdigest())
    assert file == tmp_path / "build/sources.tar.xz" and file.read_bytes() == b"sources"


def test_what_can_t_be_fetched_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(unix32, "BUILD", tmp_path / "build")
    with pytest.raises(BuildError, match="fetched"):
        unix32.fetched("http://127.0.0.1:1/x", "")


@pytest.mark.parametrize("word", ["MemoryError: memory allocation failed", "mqtt failed"])
def test_what_failed_is_not_watched_any_longer(tmp_path, word):
    log = tmp_path / "log"
    log.write_text(f"0 info pack1: link online\n0 error {word}\n")
    before = time.monotonic()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as still_there:
        assert not heap.lives(still_there, log, 600)
        still_there.kill()
    assert time.monotonic() - before < 300


def test_a_firmware_that_works_all_the_time_passes(tmp_path):
    log = tmp_path / "log"
    log.write_text("0 info pack1: link online\n")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as still_there:
        assert heap.lives(still_there, log, 0.01)
        log.write_text("0 info nothing yet\n")
        assert not heap.lives(still_there, log, 0.01)
        still_there.kill()


def test_the_smallest_heap_is_found_to_a_step():
    assert heap.smallest(lambda kib: kib >= 77, 24, 216) == 80
    assert heap.smallest(lambda kib: kib >= 28, 24, 216) == 28


def test_at_the_speed_of_life_nothing_makes_clocks_faster(tmp_path, monkeypatch):
    monkeypatch.setattr(fast.shutil, "which", lambda _: None)
    assert fast.Fast(tmp_path, None, 1)._prefix() == []  # pyright: ignore[reportArgumentType]
    with pytest.raises(Exception, match="faketime is missing"):
        fast.Fast(tmp_path, None, 2)  # pyright: ignore[reportArgumentType]
