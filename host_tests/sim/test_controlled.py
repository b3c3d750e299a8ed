"""A policy on a simulated pack in any use: it switches no faster than its minimum times, by F6 and by W."""

from collections.abc import Iterator
from itertools import pairwise
from random import Random

import pytest

from evencell.control.trend import SAMPLE_S
from host_tests.config_rules import RULES
from tools.bench.month import CONDITIONS
from tools.sim.balancer import Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.controlled import ControlledPack, SwitchedSupply
from tools.sim.pack import Cell, Pack
from tools.sim.supply import Supply

PRESETS = RULES["control.policy.preset"].arguments
MIN_S = 300
PAUSE_S = 600  # of write_limit.py
STEPS = 6 * 360  # of 10 s: 6 hours


def use(pack: Pack, random: Random) -> Iterator[tuple[float, float]]:
    """Rests, gusts and steady currents of any length, around half full: nothing forbids balancing."""
    while True:
        away = pack.cells[0].soc - 0.75
        yield random.choice((5.0, 60.0, 400.0, 1500.0)), random.choice((0.0, 0.0, 8000.0)) * (-1 if away > 0 else 1)


def controlled(preset: str, by_w: bool, seed: int) -> ControlledPack:
    random = Random(seed)
    pack = Pack(Cell(CHEMISTRIES["nmc"], 20, 3.0, 0.75 + 0.01 * cell) for cell in range(4))
    pack.use(use(pack, random))
    switch = SwitchedSupply() if by_w else None
    policy = {"preset": preset, "by": "w" if by_w else "f6", "at_start": "unchanged"}
    policy |= {"min_on_s": MIN_S, "min_off_s": MIN_S, "conditions": CONDITIONS if preset == "custom" else []}
    return ControlledPack(Balancer(pack, random, switch or Supply(), SAMPLE_S), "nmc", policy, switch)


def pauses(times_s: list[int]) -> list[int]:
    return [later - earlier for earlier, later in pairwise(times_s)]


@pytest.mark.parametrize("by_w", [False, True], ids=["f6", "w"])
@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_switches_faster_than_its_minimum_times(preset, by_w):
    for seed in range(3):
        pack = controlled(preset, by_w, seed)
        driven_s, level = [], False
        for _ in range(STEPS):
            pack.step()
            if by_w and pack.w.output.level != level:
                level = pack.w.output.level
                driven_s.append(pack.clock.now_s)
        assert min(pauses(pack.switched_s), default=MIN_S) >= MIN_S
        assert min(pauses(pack.writes_s), default=PAUSE_S) >= PAUSE_S
        guard_on_s = pack.config["control"]["w"]["guard_on_s"]
        assert min(pauses(driven_s), default=guard_on_s) >= guard_on_s


@pytest.mark.parametrize("by_w", [False, True], ids=["f6", "w"])
@pytest.mark.parametrize("preset", ["rest", "off-ride"])  # which switch often in this use
def test_no_preset_switches_faster_across_restarts(preset, by_w):
    """The start of the device counts as a change, and the limit of writes goes on."""
    pack, random = controlled(preset, by_w, 0), Random(17)
    writes_s, start_s, switched = [], 0, 0
    for _ in range(STEPS):
        pack.step()
        if random.random() < 0.01:
            assert min(pauses([0, *pack.switched_s]), default=MIN_S) >= MIN_S
            writes_s += [start_s + at_s for at_s in pack.writes_s]
            switched += len(pack.switched_s)
            start_s += pack.clock.now_s
            pack = restarted(pack)
    assert switched > 2, "else this holds for nothing"
    assert by_w or len(writes_s) > 2
    assert min(pauses(writes_s), default=PAUSE_S) >= PAUSE_S


def restarted(pack: ControlledPack) -> ControlledPack:
    """The same after a restart of the device: balancer, pack, time of day, and what the flash has go on."""
    switch = pack.w.output if pack.w else None
    if switch:
        switch.level = False  # by its resistor
    after = ControlledPack(pack.balancer, "nmc", pack.policy, switch)
    after.clock.start_s = pack.clock.unix_s()
    after.key_values.update(pack.key_values)
    return after


def test_off_ride_switches_in_this_use():
    """Else the property above would hold for nothing."""
    assert any(controlled_for_a_while("off-ride", by_w).switched_s for by_w in (False, True))
    assert controlled_for_a_while("off-ride", False).writes_s


def controlled_for_a_while(preset: str, by_w: bool) -> ControlledPack:
    pack = controlled(preset, by_w, 0)
    for _ in range(STEPS):
        pack.step()
    return pack
