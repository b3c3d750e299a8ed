"""The console beside a real MicroPython on a pty."""

import os
import pty
import signal

import pytest

from host_tests.deploy.board_on_a_pty import BoardOnAPty
from host_tests.deploy.bridge import Bridge
from host_tests.end_to_end.chain import EVENCELL
from host_tests.end_to_end.command import assert_one_sentence, evencell
from host_tests.end_to_end.process import Process
from host_tests.needs import need_micropython
from tools.cli.console import copy
from tools.cli.serial_port import open_port

TALKING = """
import sys, time
count = 0
try:
    while True:
        count += 1
        print("line", count)
        time.sleep_ms(20)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.fixture
def board(tmp_path):
    """A board that prints all the time; `tmp_path / "port"` is its port's name, wherever it is plugged in."""
    need_micropython()
    flash = tmp_path / "flash"
    flash.mkdir()
    (flash / "main.py").write_text(TALKING)
    with BoardOnAPty(flash) as board:
        (tmp_path / "port").symlink_to(board.path)
        yield board


def test_console_shows_output_without_a_reset(board, tmp_path):
    with Process([EVENCELL, "console", "--port", tmp_path / "port"]) as console:
        console.lines.wait(lambda line: line.startswith("line "), "a line of the device")
        assert console.stop(signal.SIGINT) == 0
    assert board.received == 0
    board.wait_for("line", len(board.said))
    assert b"interrupted" not in board.said
    assert "Traceback" not in console.text()


@pytest.mark.parametrize("rfc2217", [False, True], ids=["socket", "rfc2217"])
def test_console_shows_a_device_behind_the_network(board, rfc2217):
    with (
        Bridge(board.path, rfc2217) as bridge,
        Process([EVENCELL, "console", "--port", bridge.url]) as console,
    ):
        console.lines.wait(lambda line: line.startswith("line "), "a line of the device")
        assert console.stop(signal.SIGINT) == 0
    assert board.received == 0
    assert "Traceback" not in console.text()


def test_console_waits_for_a_missing_port(board, tmp_path):
    with Process([EVENCELL, "console", "--port", tmp_path / "port"]) as console:
        console.lines.wait(lambda line: line.startswith("line "), "a line of the device")
        board.unplug()
        console.lines.wait(lambda line: "is gone" in line, "that it is gone")
        board.plug_in()
        (tmp_path / "port").unlink()
        (tmp_path / "port").symlink_to(board.path)
        console.lines.wait(lambda line: "is back" in line, "that it is back")
        console.lines.wait(lambda line: line.startswith("line "), "a line of the device", len(console.lines))
        assert console.stop(signal.SIGINT) == 0


def test_console_shows_tracebacks_with_the_names_of_the_sources(tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("evencell 0.1.0 names 0123456789ab\nax c - firmware/evencell/net/tcp.py:58 Tcp._read\n")
    far, near = pty.openpty()
    with Process([EVENCELL, "console", "--port", os.ttyname(near), "--names", names]) as console:
        console.lines.wait(lambda line: "waiting for what the device prints" in line, "that it is open")
        os.write(far, b'12.345 error   File "ax", line 1, in c\n>>> ')
        console.lines.wait(
            lambda line: 'error   File "firmware/evencell/net/tcp.py", in Tcp._read (defined in line 58)' in line,
            "a frame of the sources",
        )
        assert console.stop(signal.SIGINT) == 0
    os.close(far)
    os.close(near)


def test_console_reports_a_silent_device():
    said = []
    far, near = pty.openpty()
    try:
        opened = open_port(os.ttyname(near), timeout_s=0.05)
        copy(opened, said.append, lambda: (said.append("silent"), os.close(far)), silent_after_s=0.1)
        assert [what for what in said if what] == ["silent"]
    finally:
        os.close(near)


def test_console_says_at_once_that_it_waits():
    far, near = pty.openpty()
    with Process([EVENCELL, "console", "--port", os.ttyname(near)]) as console:
        console.lines.wait(lambda line: "waiting for what the device prints" in line, "what it does")
        assert console.stop(signal.SIGINT) == 0
    os.close(far)
    os.close(near)


def test_missing_port_is_one_sentence():
    assert_one_sentence(evencell("console", "--port", "/dev/ttyUSB-none"))
