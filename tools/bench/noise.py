"""A million damaged answers against framing and acceptance: how many wrong values get through?"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from random import Random

from evencell.link.poller import MAX_REQUESTS
from evencell.pack.pack import Pack
from evencell.pack.status import Status
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.framing import CHUNK_BYTES, Framer
from evencell.protocol.jk_balancer import (
    ANSWER_BYTES,
    ANSWER_HEADER,
    DISCHARGING_HIGHEST,
    decode_status,
    is_answer,
    read_request,
)
from tools.sim.answers import encode_status
from tools.sim.balancer import Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.damage import KINDS, swapped_words
from tools.sim.pack import default_pack
from tools.sim.usage import daily_use

DAMAGED = 1_000_000
SWAPPED = 50_000
SHARES = 2  # a process each
DAMAGED_SHARE = 0.1
_WRONG_BY_MV = 20
_PACK_WRONG_BY_PERCENT = 5
_TEMPERATURE_WRONG_BY = 20  # counts: 2 °C where they are tenths
_CURRENT_WRONG_BY_MA = 100
_POLLS_PER_SECOND = 10  # resolution of the truth: a retry comes about a tenth of a second later
_TRUTH_S = 1800
_REQUEST = read_request(1)

Damage = Callable[[bytes, Random], bytes]


class StoppedClock:
    """Time does not matter here."""

    def uptime_ms(self) -> int:
        return 0

    def unix_s(self) -> None:
        return None


def truths(seed: int) -> list[bytes]:
    """What an undamaged balancer would answer, every tenth of a second: resting, balancing, riding, charging.

    Those of odd seeds send a signed balance current, negative while they discharge a cell.
    """
    random = Random(seed)
    chemistry = CHEMISTRIES["lfp"]
    pack = default_pack(chemistry, 20, random)
    pack.use(daily_use(pack, chemistry, 20, random))
    balancer = Balancer(pack, noise=random)
    frames = []
    for _ in range(_TRUTH_S * _POLLS_PER_SECOND):
        balancer.step(1 / _POLLS_PER_SECOND)
        reading = balancer.reading()
        if seed % 2 and reading.balance_raw == DISCHARGING_HIGHEST:
            reading = replace(reading, balance_ma=-reading.balance_ma)
        frames.append(encode_status(1, reading))
    return frames


class Receiver:
    """The firmware's framing and acceptance, without a port."""

    def __init__(self):
        self.pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"))
        self._framer = Framer(ANSWER_HEADER, ANSWER_BYTES)

    def receive(self, data: bytes) -> bool:
        """Whether something was published from what came."""
        framer = self._framer
        framer.clear()
        for at in range(0, len(data), CHUNK_BYTES):
            chunk = data[at : at + CHUNK_BYTES]
            framer.feed(chunk, len(chunk))
            start = framer.find()
            while start >= 0:
                if is_answer(framer.buffer, start, _REQUEST):
                    decode_status(framer.buffer, start, self.pack.candidate)
                    if self.pack.accept(StoppedClock()):
                        return True
                framer.reject()
                start = framer.find()
        return False


def decoded(frame: bytes) -> Status:
    """The truth, as the firmware would show it."""
    status = Status()
    decode_status(frame, 0, status)
    status.derive()
    return status


def is_wrong(shown: Status, truth: Status) -> bool:
    """Whether a cell is off by more than 20 mV, or a setting or alarm isn't what the balancer said."""
    names = ("cells_detected", "cells_configured", "trigger_mv", "max_balance_ma", "balancing_enabled", "alarms_raw")
    if any(getattr(shown, name) != getattr(truth, name) for name in names) or shown.alarms:
        return True
    return any(abs(a - b) > _WRONG_BY_MV for a, b in zip(shown.cells_mv, truth.cells_mv, strict=True))


def is_wrong_beside_cells(shown: Status, truth: Status) -> bool:
    """Whether pack voltage, temperature or what the balancer is doing isn't what it said."""
    return (
        abs(shown.pack_mv - truth.pack_mv) * 100 > truth.pack_mv * _PACK_WRONG_BY_PERCENT
        or abs(shown.temperature_raw - truth.temperature_raw) > _TEMPERATURE_WRONG_BY
        or abs(shown.balance_ma - truth.balance_ma) > _CURRENT_WRONG_BY_MA
        or shown.balance_state != truth.balance_state
    )


def run(seed: int, damaged_wanted: int, kinds: tuple[Damage, ...]) -> dict[str, int]:
    """Polls that begin with a damaged answer, until so many were damaged. Those before were good and are accepted."""
    random = Random(seed)
    frames = truths(seed)
    counts = {"damaged": 0, "wrong": 0, "wrong_beside_cells": 0, "polls": 0, "unanswered": 0}
    receiver = Receiver()
    while counts["damaged"] < damaged_wanted:
        at = random.randrange(len(frames) - 2 * _POLLS_PER_SECOND)
        settle(receiver, frames[at], frames[at + 1])
        at += _POLLS_PER_SECOND
        counts["polls"] += 1
        if not poll(receiver, frames, at, random, kinds, counts):
            counts["unanswered"] += 1
    return counts


def settle(receiver: Receiver, before: bytes, frame: bytes):
    """What was read a second ago, undamaged."""
    receiver.receive(before)
    receiver.receive(frame)
    receiver.receive(frame)


def poll(receiver, frames, at: int, random: Random, kinds, counts) -> bool:
    """One poll whose first answer is damaged, and each further one with the usual chance."""
    for ask in range(MAX_REQUESTS):
        frame = frames[at + ask]
        data = frame
        if ask == 0 or random.random() < DAMAGED_SHARE:
            data = random.choice(kinds)(frame, random)
            counts["damaged"] += 1
        if receiver.receive(data):
            shown, truth = receiver.pack.accepted, decoded(frame)
            counts["wrong"] += is_wrong(shown, truth)
            counts["wrong_beside_cells"] += is_wrong_beside_cells(shown, truth)
            return True
    return False


def good_rejected(seed: int) -> dict[str, int]:
    """Polls of undamaged answers, at rest and under a riding load, that end without a reading."""
    frames = truths(seed)
    receiver = Receiver()
    counts = {"polls": 0, "asks": 0, "rejected": 0}
    for at in range(0, len(frames) - _POLLS_PER_SECOND, _POLLS_PER_SECOND):
        counts["polls"] += 1
        for ask in range(MAX_REQUESTS):
            counts["asks"] += 1
            if receiver.receive(frames[at + ask]):
                break
        else:
            counts["rejected"] += 1
    return counts


def in_parallel(call, arguments: list[tuple]) -> dict[str, int]:
    """The sum of what `call` counts, over all arguments, on every core."""
    total: dict[str, int] = {}
    with ProcessPoolExecutor() as pool:
        for counts in pool.map(call, *zip(*arguments, strict=True)):
            for name, count in counts.items():
                total[name] = total.get(name, 0) + count
    return total


def measure() -> dict:
    """The `noise.*` figures: a million damaged answers, and undamaged ones at rest and under a riding load."""
    damaged = in_parallel(run, [(seed, DAMAGED // SHARES, KINDS) for seed in range(SHARES)])
    swapped = in_parallel(run, [(seed, SWAPPED // SHARES, (swapped_words,)) for seed in range(SHARES)])
    good = in_parallel(good_rejected, [(seed,) for seed in range(SHARES)])
    return {
        "noise.wrong_accepted": {"value": damaged["wrong"], "unit": f"of {damaged['damaged']}"},
        "noise.wrong_beside_cells": {"value": damaged["wrong_beside_cells"], "unit": f"of {damaged['damaged']}"},
        "noise.swap_accepted": {"value": swapped["wrong"], "unit": f"of {swapped['damaged']}"},
        "noise.good_rejected": {"value": good["rejected"], "unit": f"of {good['polls']} polls"},
        "noise.asks_per_good_poll": {"value": round(good["asks"] / good["polls"], 3), "unit": "asks"},
        "noise.recovery_frames": {"value": recovery_frames(), "unit": "frames"},
    }


def recovery_frames() -> int:
    """The most good frames that are lost after one damaged one, over every kind of damage."""
    random = Random(0)
    frame = truths(0)[0]
    most = 0
    for kind in KINDS * 200:
        receiver = Receiver()
        settle(receiver, frame, frame)
        receiver.receive(kind(frame, random))
        lost = 0
        while not receiver.receive(frame):
            lost += 1
        most = max(most, lost)
    return most
