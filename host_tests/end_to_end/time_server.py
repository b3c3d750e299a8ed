"""SNTP servers on loopback, honest and otherwise, each with a time of its own."""

import socket
import struct
import threading
import time

from host_tests.end_to_end.web import LOOPBACK

SINCE_1900_S = 2_208_988_800


def timestamp(unix_s: float) -> bytes:
    """NTP's 64 bits."""
    return struct.pack(">Q", int((unix_s + SINCE_1900_S) * (1 << 32)) & ((1 << 64) - 1))


class TimeServer:
    """Says that it is `ahead_s` later than it is. `asked` counts the questions it got.

    `replies(question, good)` gives its datagrams from the question and the good answer; that one alone by default.
    """

    def __init__(self, ahead_s: int, replies=None):
        self.ahead_s = ahead_s
        self.asked = 0
        self._replies = replies or (lambda _question, good: [good])
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((LOOPBACK, 0))
        self.host = f"{LOOPBACK}:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.sendto(b"", self._socket.getsockname())

    def now_s(self) -> float:
        return time.time() + self.ahead_s

    def _serve(self):
        with self._socket:
            while True:
                question, sender = self._socket.recvfrom(128)
                if not question:
                    return
                self.asked += 1
                for reply in self._replies(question, self._answer(question)):
                    self._socket.sendto(reply, sender)

    def _answer(self, question: bytes) -> bytes:
        now = timestamp(self.now_s())
        return b"\x24\x02\x06\xec" + struct.pack(">II4s", 0x100, 0x100, b"GPS\0") + now + question[40:48] + now + now


def late(_question: bytes, good: bytes) -> list[bytes]:
    """After the patience of any client."""
    time.sleep(4)
    return [good]


def wrong_origin(_question: bytes, good: bytes) -> list[bytes]:
    """As a sender would that did not see the request."""
    return [good[:24] + bytes(range(8)) + good[32:]] * 3


def kiss(_question: bytes, good: bytes) -> list[bytes]:
    """It wants to be left alone."""
    return [b"\xe4\x00" + good[2:12] + b"DENY" + good[16:]]


def silent(_question: bytes, _good: bytes) -> list[bytes]:
    """Nothing at all."""
    return []


def unsynchronised(_question: bytes, good: bytes) -> list[bytes]:
    """It was started a moment ago."""
    return [bytes((good[0] | 0xC0,)) + good[1:]]


def no_time(_question: bytes, good: bytes) -> list[bytes]:
    """An empty transmit timestamp, and a time in a field that must not be used."""
    return [good[:40] + bytes(8)]


def malformed(_question: bytes, good: bytes) -> list[bytes]:
    """Too short, too long, and an answer to another client."""
    return [b"\x24", good[:47], b"\x23" + good[1:], bytes(600)]


class Replay:
    """What it answered to an earlier question."""

    def __init__(self):
        self._old = None

    def __call__(self, _question: bytes, good: bytes) -> list[bytes]:
        self._old = self._old or good[:24] + bytes(range(8)) + good[32:]
        return [self._old]
