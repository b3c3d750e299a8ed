"""The measure of what is lost without a broker: it waits for what is held, and finds what never comes."""

import threading
from types import SimpleNamespace

from tools.bench import backlog
from tools.bench.subscriber import account

STARTS_S = [1000.0, 2000.0]


def of_first(*sequences: int) -> list[tuple]:
    return [(1000 + sequence, sequence, 3300) for sequence in sequences]


def of_second(*sequences: int) -> list[tuple]:
    return [(2000 + sequence, sequence, 3300) for sequence in sequences]


def scene(live: list[tuple], late: list[tuple]) -> SimpleNamespace:
    receiver = SimpleNamespace(live=live, late=late, largest_bytes=0, thinned=0)
    return SimpleNamespace(receiver=receiver, starts_s=STARTS_S, read=[2, 3], note=lambda: True, logs=str)


def test_held_reading_is_not_lost_when_a_later_one_is_received():
    held = scene(of_first(1, 2) + of_second(1, 3), [])
    threading.Timer(0.3, held.receiver.late.extend, [of_second(2)]).start()
    outcome = backlog.settled(held)  # pyright: ignore[reportArgumentType]
    assert (outcome["lost"], outcome["late"], outcome["readings"]) == (0, 1, 5)


def test_what_never_comes_is_lost(monkeypatch):
    monkeypatch.setattr(backlog, "_COMES_WITHIN_S", 0.2)
    outcome = backlog.settled(scene(of_first(1, 2) + of_second(1, 3), []))  # pyright: ignore[reportArgumentType]
    assert outcome["lost"] == 1


def test_last_readings_before_a_kill_count_as_lost():
    assert account(of_first(1, 2), of_second(1), STARTS_S, [4, 0])["lost"] == 2
    assert account([], of_second(1), STARTS_S, [4, 0])["lost"] == 4


def test_what_comes_twice_is_neither_lost_nor_another_reading():
    counts = account(of_first(1, 2), of_first(2) + of_second(1), STARTS_S, [2, 1])
    assert counts == {"readings": 3, "lost": 0, "false": 0, "late": 2, "twice": 1}
    assert account(of_first(1), [(1001, 1, 3310)], STARTS_S, [1, 0])["false"] == 1
