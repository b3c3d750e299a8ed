"""What is fuzzed, driven by plain data: the tests and the corpus share it."""

import asyncio
import itertools
from random import Random
from unittest import mock

from evencell.link import bus as exchange
from evencell.protocol.framing import CHUNK_BYTES, Framer
from evencell.protocol.jk_balancer import ANSWER_BYTES, ANSWER_HEADER, read_request
from tools.bench.noise import Receiver, decoded
from tools.sim.damage import KINDS, swapped_words

REQUEST = read_request(1)
DAMAGES = {kind.__name__: kind for kind in (*KINDS, swapped_words)}


def offered(data: bytes, sizes: list[int]) -> list[bytes]:
    """Every frame found in `data`, fed in chunks of these sizes over and over."""
    framer = Framer(ANSWER_HEADER, ANSWER_BYTES)
    room = len(framer.buffer)
    found = []
    at = 0
    for size in itertools.cycle(sizes):
        if at >= len(data):
            return found
        chunk = data[at : at + min(size, CHUNK_BYTES)]
        framer.feed(chunk, len(chunk))
        at += len(chunk)
        start = framer.find()
        while start >= 0:
            found.append(bytes(framer.buffer[start : start + ANSWER_BYTES]))
            framer.reject()
            start = framer.find()
        assert len(framer.buffer) == room
    return found


def damaged(frame: bytes, kind: str | None, seed: int, position: int) -> bytes:
    """`frame` after this kind of damage (None: none); no two positions suffer the same."""
    return DAMAGES[kind](frame, Random(f"{seed} {position}")) if kind else frame


def settled(frame: bytes) -> Receiver:
    """A receiver that has published this reading."""
    receiver = Receiver()
    while not receiver.receive(frame):
        pass
    return receiver


def worst_mv(receiver: Receiver, frame: bytes) -> int:
    """How far the cell that is most wrong is off; a setting that is wrong fails at once."""
    shown, truth = receiver.pack.accepted, decoded(frame)
    for name in ("cells_detected", "cells_configured", "trigger_mv", "max_balance_ma", "balancing_enabled"):
        assert getattr(shown, name) == getattr(truth, name), name
    assert shown.alarms_raw == truth.alarms_raw
    return max(abs(a - b) for a, b in zip(shown.cells_mv, truth.cells_mv, strict=True))


class StoredPort:
    """A port that delivers one of these chunks for each read (nothing for an empty one), whatever is requested."""

    direction = None

    def __init__(self, chunks: list[bytes]):
        self._chunks = list(chunks)

    def write(self, data):
        pass

    def readinto(self, buffer):
        chunk = self._chunks.pop(0)[: len(buffer)] if self._chunks else b""
        buffer[: len(chunk)] = chunk
        return len(chunk) or None


class Ticks:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now_ms = 0

    def ticks_ms(self) -> int:
        return self.now_ms

    async def sleep_ms(self, milliseconds: int):
        self.now_ms += max(1, milliseconds)
        await asyncio.sleep(0)


def query_through(chunks: list[bytes], requests: int) -> list[bytes | None]:
    """Answers to so many requests in a row on a bus that delivers these chunks. Takes no time."""
    ticks = Ticks()
    with mock.patch.multiple(exchange, ticks_ms=ticks.ticks_ms, sleep_ms=ticks.sleep_ms):
        return asyncio.run(_query(exchange.Rs485Bus(StoredPort(chunks)), requests))


async def _query(bus, requests: int) -> list[bytes | None]:
    answers: list[bytes | None] = []
    for _ in range(requests):
        at = await bus.query(REQUEST, 100)
        answers.append(None if at < 0 else bytes(bus.frame[at : at + ANSWER_BYTES]))
        assert at < 0 or answers[-1][:4] == ANSWER_HEADER + REQUEST[2:4]
    return answers
