"""Bits at one rate, read at another. The vectors were worked out by hand, bit by bit."""

import json
import os
import pty
import termios
import tty

import pytest

from host_tests.sim.helpers import CAPTURES
from tools.sim.uart import resampled, terminal_baud

REPLIES = [bytes.fromhex(entry["reply"]) for entry in json.loads(CAPTURES.read_text())]
ALL_BYTES = bytes(range(256))


@pytest.mark.parametrize("baud", [300, 9600, 115_200])
def test_equal_rates_change_nothing(baud):
    for data in (b"", b"\x00", b"\xff", ALL_BYTES, *REPLIES):
        assert resampled(data, baud, baud) == data


@pytest.mark.parametrize("percent", [-4, -2, 2, 4])
def test_rate_off_by_4_percent_changes_nothing(percent):
    assert resampled(ALL_BYTES, 9600 + 96 * percent, 9600) == ALL_BYTES


@pytest.mark.parametrize(
    ("data", "tx_baud", "rx_baud", "expected"),
    [
        # Twice as fast: every second bit is seen. Of 0, 0000 0000, 1 those are 0, 000, 1, and then the idle line.
        (b"\x00", 19200, 9600, b"\xf8"),
        # 0, 1111 1111, 1: the start bit is over before it is looked at.
        (b"\xff", 19200, 9600, b""),
        # 0, 1010 1010, 1: each low bit is such a glitch.
        (b"\x55", 19200, 9600, b""),
        # 0, 0000 0001, 1 and the same again: 0 000 1 0 000 1 (the second start is taken for data), then idle.
        (b"\x80\x80", 19200, 9600, b"\x08"),
        # Half as fast: every bit is seen twice. 0, 0000 are a byte and a stop bit of 0; then no falling edge comes.
        (b"\x00", 4800, 9600, b"\x00"),
        # 0 1 1 1 1 1 1 1 1 1 at half the rate: 0, then 0 and seven times 1.
        (b"\xff", 4800, 9600, b"\xfe"),
        # 0, 1010 1010, 1: 0, 0110 0110 and a stop bit of 0; from the next edge on 0, 0110 0111 with the true stop.
        (b"\x55", 4800, 9600, b"\x66\xe6"),
    ],
)
def test_known_vectors(data, tx_baud, rx_baud, expected):
    assert resampled(data, tx_baud, rx_baud) == expected


@pytest.mark.parametrize("baud", [1200, 2400, 4800, 19200, 38400, 57600, 115_200])
def test_frame_at_a_wrong_rate_is_garbage_that_takes_no_longer(baud):
    for frame in REPLIES:
        garbage = resampled(frame, baud, 9600)
        assert garbage != frame
        assert b"\xeb\x90" not in garbage
        assert len(garbage) <= len(frame) * 9600 / baud + 1


def test_rate_of_a_terminal_is_read():
    near_fd, far_fd = pty.openpty()
    for baud in (2400, 9600, 19200, 115_200):
        attributes = termios.tcgetattr(far_fd)
        attributes[tty.ISPEED] = attributes[tty.OSPEED] = getattr(termios, f"B{baud}")
        termios.tcsetattr(far_fd, termios.TCSANOW, attributes)
        assert terminal_baud(far_fd) == baud
    os.close(near_fd)
    os.close(far_fd)
