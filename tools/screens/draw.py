"""Draws every page in every size for one scenario: `micropython draw.py SCENARIO.json FOLDER SIZES`.

Runs on MicroPython's unix port, with the firmware and its fonts in the path. SIZES: JSON, `[[width, height, colours]]`.
Writes `WIDTHxHEIGHT-PAGE.pnm`; a page that is not wanted has none.
"""

import json
import sys

from evencell.display.pages import PAGES
from evencell.display.render.canvas import Canvas
from evencell.display.render.netpbm import picture
from evencell.display.trend import POINTS
from evencell.display.view import View
from evencell.hub import Hub
from evencell.link.diagnosis import VERDICTS, Diagnosis
from evencell.pack.pack import LINKS, Pack
from evencell.pack.status import BALANCE_STATES
from evencell.pack.temperature import TemperatureScale

_RAW_STATES = (0, 2, 1)  # of the frame, in the order of BALANCE_STATES
_NOW_MS = 86_400_000


class Clock:
    """A clock that is moved by hand."""

    now_ms = _NOW_MS

    def uptime_ms(self) -> int:
        return self.now_ms


class Thing:
    """Named values, given as a dictionary."""

    def __init__(self, values: dict):
        for name, value in values.items():
            setattr(self, name, value)


class Extremes:
    """What was kept of each pack, given as it stands in the file."""

    def __init__(self, packs: dict):
        self._packs = packs

    def of(self, pack) -> list:
        return self._packs[pack.name]


class QuietView(View):
    """The heap of this computer is not what a picture should show."""

    def heap_free(self) -> int:
        return 98_304

    def network_heap(self):
        return self.context.network_heap


def make_view(scenario: dict, is_colour: bool = False) -> QuietView:
    """What the pages see in this scenario."""
    clock = Clock()
    packs: list = [make_pack(data, clock) for data in scenario["packs"]]
    network = scenario.get("network")
    context = Thing({
        "clock": clock,
        "hub": Hub(packs, clock),
        "config_faults": scenario.get("faults", []),
        "config": {
            "name": scenario.get("name", "Scooter"),
            "packs": [
                {"capacity_ah": data.get("capacity_ah", 100), "cells": None, "chemistry": data.get("chemistry", "lfp")}
                for data in scenario["packs"]
            ],
            "display": {"language": scenario.get("language", "en")},
            "http": {"enabled": True, "port": scenario.get("port", 80)},
        },
        "network": network and Thing(network),
        "network_heap": scenario.get("network_heap"),
        "heap": Thing({"is_short": scenario.get("is_short", False)}),
        "control": policies(scenario["policy"], packs) if "policy" in scenario else None,
        "setup": Thing(scenario["setup"]) if "setup" in scenario else None,
        "extremes": Extremes(scenario["extremes"]) if "extremes" in scenario else None,
        "hostname": "evencell-3d49aa",
    })  # fmt: skip
    view = QuietView(context, "colour." if is_colour else "pages.")
    for data, pack in zip(scenario["packs"], packs):
        fill_trend(view.trend_of(pack), data.get("trend"), pack.accepted, clock)
    view.pack = packs[0] if packs else None
    view.turn = scenario.get("turn", 0)
    return view


def policies(data: dict, packs: list) -> Thing:
    """What the balance policy does with each pack."""
    keys = ("is_on", "reason", "problem")
    states = [Thing(dict([(key, data.get(key)) for key in keys], pack=pack)) for pack in packs]
    return Thing({"config": {"by": "f6"}, "states": states})


def make_pack(data: dict, clock) -> Pack:
    """A pack with its latest reading, if there was one."""
    diagnosis = Diagnosis(b"")
    scale = TemperatureScale(data.get("temperature_scale", "0.1"))
    model = data.get("model", "jk_b2a4s" if len(data.get("cells_mv", ())) == 4 else "jk_b2a24s")
    pack = Pack(data.get("name", "pack1"), model, scale, None, diagnosis)
    pack.link = LINKS.index(data.get("link", "online"))
    pack.rules = tuple(data.get("rules", ()))
    if "verdict" in data:
        diagnosis.verdict = VERDICTS.index(data["verdict"])
    cells_mv = data.get("cells_mv")
    if cells_mv:
        fill(pack.candidate, data)
        clock.now_ms -= data.get("age_s", 0) * 1000
        pack.accept_unchecked(clock)
        clock.now_ms = _NOW_MS
    return pack


def fill(status, data: dict):
    """A reading, as the protocol would have decoded it."""
    cells_mv = data["cells_mv"]
    for cell, voltage_mv in enumerate(cells_mv):
        status.cells_mv[cell] = voltage_mv
    connected = len([voltage_mv for voltage_mv in cells_mv if voltage_mv])
    status.pack_mv = data.get("pack_mv", sum(cells_mv))
    status.cells_detected = data.get("detected", connected)
    status.cells_configured = data.get("configured", connected)
    status.balance_raw = _RAW_STATES[BALANCE_STATES.index(data.get("state", "waiting"))]
    status.balance_ma = data.get("balance_ma", 0)
    status.alarms_raw = data.get("alarms_raw", 1)
    status.trigger_mv = data.get("trigger_mv", 5)
    status.max_balance_ma = 2000
    status.balancing_raw = int(data.get("enabled", True))
    status.temperature_raw = data.get("temperature_raw", 235)


def fill_trend(trend, course, status, clock):
    """`course`: [hours, delta at their start in mV]; it goes to the latest reading's, with a ripple of a throttle."""
    if not course:
        return
    hours, start_mv = course
    whole_ms = hours * 3_600_000
    for ring in (trend.hour, trend.day):
        steps = min(whole_ms // ring.step_ms, POINTS - 1)
        for step in range(steps, -1, -1):
            ripple = (step * 37 % 11) - 5 if step else 0
            delta_mv = status.delta_mv + (start_mv - status.delta_mv) * step * ring.step_ms // whole_ms + ripple // 3
            ring.put(clock.uptime_ms() - step * ring.step_ms, max(0, delta_mv), status.pack_mv - 30 * abs(ripple))


def main(scenario_path: str, folder: str, sizes: str):
    with open(scenario_path) as file:
        scenario = json.load(file)
    for width, height, colours in json.loads(sizes):
        view = make_view(scenario, colours)
        canvas = Canvas(width, height, colours)
        for name in ("setup",) if "setup" in scenario else PAGES:
            page = view.open(name)
            if page.has_content(view):
                page.draw(canvas, view)
                with open("%s/%dx%d-%s.pnm" % (folder, width, height, name), "wb") as file:
                    for piece in picture(canvas)[1]:
                        file.write(piece)
        view.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
