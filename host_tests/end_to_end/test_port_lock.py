"""A serial port belongs to one program at a time: a second one is told so, and does not disturb the first."""

import contextlib
import fcntl
import os
import pty
import struct
import termios

import pytest

from host_tests.end_to_end.chain import EVENCELL, FIXED, Simulator
from host_tests.end_to_end.command import assert_one_sentence, evencell
from host_tests.end_to_end.faulty_line import Terminal
from host_tests.end_to_end.process import Process, until
from host_tests.needs import need_micropython
from tools.cli.serial_port import claim

TIOCGEXCL = 0x80045440


@pytest.fixture
def simulator(tmp_path):
    with Simulator(tmp_path, *FIXED) as simulator:
        yield simulator


def assert_taken(port, *command):
    result = evencell(*(command or ["read"]), "--port", port)
    assert_one_sentence(result)
    assert "another program uses it" in result.stderr


def test_second_command_is_refused(simulator):
    with Terminal([EVENCELL, "watch", "--port", simulator.link]) as terminal:
        terminal.wait_for("cell  1")
        for command in (["read"], ["diagnose"], ["console"], ["run"], ["set", "--yes", "trigger_mv", "9"]):
            assert_taken(simulator.link, *command)
        terminal.press(b"\x03")
        assert terminal.wait() == 0
    assert evencell("read", "--port", simulator.link).returncode == 0


def can_be_read(port) -> bool:
    return evencell("read", "--port", port).returncode == 0


def test_firmware_holds_its_port_as_long_as_it_runs(simulator, tmp_path):
    """Also after the port was gone and came back under another number."""
    need_micropython()
    with Process([EVENCELL, "run", "--port", simulator.link, "--data", tmp_path / "data"]) as firmware:
        firmware.lines.wait(lambda line: "link online" in line, "a reading")
        assert_taken(simulator.link)
        simulator.kill()
        firmware.lines.wait(lambda line: "link offline" in line, "that it is gone")
        heard = len(firmware.lines)
        simulator.start()
        firmware.lines.wait(lambda line: "link online" in line, "a reading", heard)
        assert_taken(simulator.link)
        firmware.kill()
    until(lambda: can_be_read(simulator.link), "the port free again")


def test_kernel_refuses_a_claimed_port_to_programs_without_a_lock(monkeypatch):
    """On a real port; a pty keeps the claim when a program is killed, so it gets none."""
    far, near = pty.openpty()
    with contextlib.closing(os.fdopen(far, "rb", 0)), contextlib.closing(os.fdopen(near, "rb", 0)):
        claim(near)
        assert struct.unpack("i", fcntl.ioctl(near, TIOCGEXCL, bytes(4))) == (0,)
        monkeypatch.setattr(os, "ttyname", lambda _fd: "/dev/ttyUSB0")
        claim(near)
        assert struct.unpack("i", fcntl.ioctl(near, TIOCGEXCL, bytes(4))) == (1,)
        fcntl.ioctl(near, termios.TIOCNXCL)
