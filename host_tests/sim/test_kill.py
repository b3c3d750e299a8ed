"""The firmware is killed at each step of a policy run, and at random moments: what holds at once, and after a restart.

In one process; end_to_end/test_kill.py kills the real one.
"""

from itertools import pairwise
from random import Random

import pytest

from host_tests.killed import EVEN_MV, Switch, World

PAUSE_S = 600  # of write_limit.py
MAX_A_DAY = 24
DAY_S = 86_400
SOON_S = 30  # for a start, a reading and a decision
# A minimum time above the pause: else the policy may decide otherwise before the limit lets it write.
BY_F6 = {"policy": {"preset": "always", "at_start": "off", "min_off_s": 700}}
RUN_S = 800  # a run in which it writes twice: off at the start, on after the minimum time
MAX_LIVES = 100
GUARD_S = 150  # for a reading of the storage guard, which takes a minute
UNSAFE_MV = [3301, 2400, 3299, 3300]


def pauses_s(world: World) -> list[float]:
    return [later - earlier for (earlier, _), (later, _) in pairwise(world.writes)]


def most_a_day(world: World) -> int:
    times_s = [at_s for at_s, _ in world.writes]
    return max(sum(1 for at_s in times_s[i:] if at_s - times_s[i] < DAY_S) for i in range(len(times_s)))


def steps_of(tmp_path, monkeypatch, seconds: float, **options) -> list[str]:
    """Every step of a run that nothing interrupts."""
    with monkeypatch.context() as patched:
        world = World(tmp_path / "whole", patched, **options)
        world.live(seconds)
        return world.steps


def chosen(steps: list[str], parts: tuple[str, ...]) -> list[int]:
    """Numbers of the first and the last step of each name with one of these parts, and of some at random."""
    first, last = {}, {}
    for number, name in enumerate(steps, 1):
        if any(part in name for part in parts):
            first.setdefault(name, number)
            last[name] = number
    return sorted({*first.values(), *last.values(), *Random(17).sample(range(1, len(steps) + 1), 4)})


def test_killed_at_any_step_of_a_policy_by_f6(tmp_path, monkeypatch):
    """The state that the owner chose for the start is there once the limit of writes allows it, and the run goes on."""
    steps = steps_of(tmp_path, monkeypatch, RUN_S, control=BY_F6)
    assert {"F6, before it is sent", "F6, sent", "F6, answered", "rename learned.json, before"} <= set(steps)
    assert {"eventlog/0, partly written", "learned.json.new, partly written"} <= set(steps)
    for number in chosen(steps, ("F6", "read", "learned", "eventlog")):
        with monkeypatch.context() as patched:
            world = World(tmp_path / str(number), patched, BY_F6)
            world.live(RUN_S, kill_at=number)
            assert world.steps == steps[:number]
            start_s, step = world.now_s, steps[number - 1]
            was_off = not world.is_balancing_on()
            life = world.live(PAUSE_S + SOON_S)
            assert was_off or world.was_written(0, start_s), step
            assert len(world.writes) <= world.kept("writes:pack1")[0] <= len(world.writes) + 1, step
            assert_limits_and_log(world, life, kills=1)


def test_killed_again_and_again_at_random_moments(tmp_path, monkeypatch):
    """Until the limit of a day is reached, which the next day ends."""
    world = World(tmp_path / "flash", monkeypatch, BY_F6)
    start_s = world.now_s
    kills = kill_at_random(world, lambda: world.kept("writes:pack1") and world.kept("writes:pack1")[0] == MAX_A_DAY)
    assert world.now_s - start_s < DAY_S - 2 * RUN_S
    world.live(RUN_S)
    assert world.kept("writes:pack1")[0] == MAX_A_DAY
    world.pass_time(start_s + DAY_S + PAUSE_S - world.now_s)
    world.balancer.write("balancing_enabled", 1)
    start_s = world.now_s
    life = world.live(PAUSE_S + SOON_S)
    assert world.was_written(0, start_s)
    assert world.kept("writes:pack1")[0] == 1
    assert_limits_and_log(world, life, kills)


def test_killed_again_and_again_without_a_clock(tmp_path, monkeypatch):
    """Each start waits as if the last write had just been made."""
    world = World(tmp_path / "flash", monkeypatch, BY_F6, has_clock=False)
    kills = kill_at_random(world, lambda: len(world.writes) >= 8)
    world.balancer.write("balancing_enabled", 1)
    start_s = world.now_s
    life = world.live(PAUSE_S + SOON_S)
    assert world.was_written(0, start_s)
    assert_limits_and_log(world, life, kills)


@pytest.mark.parametrize(
    ("resistor", "preset", "cells_mv", "is_on"),
    [
        (False, "storage", EVEN_MV, False),
        (True, "storage", EVEN_MV, False),
        (False, "always", EVEN_MV, True),
        (False, "always", UNSAFE_MV, False),
        (True, "always", UNSAFE_MV, False),
    ],
    ids=["guard", "guard, resistor on", "always", "unsafe", "unsafe, resistor on"],
)
def test_killed_at_any_step_of_a_policy_by_w(tmp_path, monkeypatch, resistor, preset, cells_mv, is_on):
    """It is read again at once, and then as the policy wants it. An unsafe one is read once more, or never."""
    policy = {"preset": preset, "by": "w", "min_on_s": 60, "min_off_s": 60}
    control = {"policy": policy, "w": {"enabled": True, "resistor": "on" if resistor else "off"}}

    def world_in(name: str, patched) -> World:
        return World(tmp_path / name, patched, control, cells_mv, Switch(resistor))

    with monkeypatch.context() as patched:
        world = world_in("whole", patched)
        world.live(GUARD_S)
        steps = world.steps
        assert world.levels[-1][1] is is_on
    assert {"W on", "read, answered"} <= set(steps) or cells_mv == UNSAFE_MV
    assert is_on or "W off" in steps
    for number in chosen(steps, ("W ", "learned", "eventlog", "read, answered")):
        with monkeypatch.context() as patched:
            world = world_in(str(number), patched)
            world.live(GUARD_S, kill_at=number)
            assert world.switch.is_on() is resistor
            kept, world.levels = world.kept("w:pack1"), []
            life = world.live(GUARD_S)
            step = steps[number - 1]
            assert_read_and_switched(world, kept, is_on, step)
            assert world.writes == [] and "w:" not in life.log(), step
            assert all(event[1] in ("w", "policy", "alarm") for event in world.events(life)), step


def assert_read_and_switched(world: World, kept: list, is_on: bool, step: str):
    """`kept`: what the flash had of the last reading at the start."""
    levels = [level for _, level in world.levels]
    if kept[0] == 1 and not world.switch.resistor:
        assert levels[:1] == [True], step
        assert "read, answered" in world.steps, step
    if is_on:
        assert levels == [True], step
        return
    assert levels.count(True) <= kept[0], step


def kill_at_random(world: World, is_enough) -> int:
    """Lives that end anywhere, half of them at one of the first steps; returns how many."""
    random = Random(17)
    for lives in range(MAX_LIVES):
        if is_enough():
            return lives
        if random.random() < 0.5:
            world.live(random.uniform(0, 2 * RUN_S))
        else:
            world.live(RUN_S, kill_at=random.randint(1, 60))
        world.pass_time(random.choice((0, 5, 300)))
    raise AssertionError(f"only {world.writes}")


def assert_limits_and_log(world: World, life, kills: int):
    """No write too much or too soon, each counted, and an event for each that nothing interrupted."""
    assert min(pauses_s(world), default=PAUSE_S) >= PAUSE_S - 1  # whole seconds of the clock
    assert most_a_day(world) <= MAX_A_DAY
    written = [event for event in world.events(life) if event[1] == "settings"]
    assert len(world.writes) - kills <= len(written) <= len(world.writes)
    assert all(event[2:5] == ["pack1", "balancing_enabled", "policy"] for event in written)
    assert all(event[7] in ("written", "answer_lost") for event in written)
