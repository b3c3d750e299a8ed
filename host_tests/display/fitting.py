"""Draws every text where it belongs, and tells what does not fit: `micropython fitting.py SIZE LANGUAGE`.

SIZE: JSON, `[width, height, colours]`. Prints how many texts were drawn, then a line for each that did not fit, and for
each colour that pixels beside its place took.
"""

import json
import sys

from evencell.control.rule_state import BUILTIN
from evencell.control.state import PolicyState
from evencell.display.pages import PAGES
from evencell.display.render.canvas import Canvas
from evencell.link.diagnosis import VERDICTS
from evencell.pack.alarms import ALARMS
from tools.screens.draw import make_view

SETTINGS = {"brightness": 80, "page": None, "temperature_unit": "C", "dark_on_light": False}
FACTS = {"old": (10,), "cell_count": (24, 23), "limits": ("custom",), "cell": (24, 4350, "custom", 2000, 4350)}
NETWORK = {"address": "192.168.178.123", "rssi": -100, "state": "connected"}
CELLS = {"cells_mv": [3415, 3407, 3412, 3385], "trend": [1, 64]}


def pack(**data) -> dict:
    """A scenario of one pack of four cells."""
    return {"packs": [dict(CELLS, **data)]}


def scenarios():
    """One for each thing that can be said."""
    for state in ("waiting", "discharging_highest", "charging_lowest"):
        yield pack(state=state, balance_ma=2000)
        yield pack(state=state, balance_ma=2000, trend=None)
    yield pack(cells_mv=[3312, 3312])
    yield pack(enabled=False)
    for link in ("stale", "offline", "asleep"):
        for age_s in (59, 3_540, 86_400):
            yield pack(link=link, age_s=age_s)
    yield {"packs": [{"link": "offline"}], "faults": ["a: b"], "network": None}
    for name in BUILTIN:
        yield pack(rules=["rule:" + name])
    yield pack(rules=["rule:" + "x" * 24])
    for verdict in VERDICTS[1:]:
        yield pack(verdict=verdict)
    yield pack(trigger_mv=4, capacity_ah=2.5)
    yield pack(trigger_mv=4, capacity_ah=100, cells_mv=[3312] * 5, model="jk_b2a4s")
    yield pack(cells_mv=[3700, 3312, 3312, 3312])
    yield pack(temperature_scale="auto", state="charging_lowest", balance_ma=2000)
    yield pack(cells_mv=[0, 3312, 3312, 0], detected=4, configured=4)
    for count in (2, 8, 16, 24):
        cells_mv = [3300 + 7 * cell % 29 for cell in range(count)]
        extremes = {"pack1": [[1001] * count, [5000] * count]}
        yield dict(pack(cells_mv=cells_mv, state="discharging_highest", balance_ma=2000), extremes=extremes)
    yield {"packs": [dict(CELLS, name="front"), dict(CELLS, name="rear")]}
    for alarm in ({"configured": 5}, {"alarms_raw": 2}, {"alarms_raw": 4}, {"pack_mv": 9000}, {"temperature_raw": 900}):
        yield pack(**alarm)


def setups():
    """Setup mode, from its access point to its end."""
    usual = {"ssid": "evencell-3d49aa", "password": "k7mzq2hxwb", "address": NETWORK["address"], "state": "open"}
    usual = dict(usual, problem=None, field=None, new_ssid=None, new_address=None)
    problem = '"Home" is not in reach: check its name; only 2.4 GHz can be used'
    for state in (
        {},
        {"password": None},
        {"state": "trying"},
        {"state": "trying", "new_ssid": "FRITZ!Box 7590 AX"},
        {"state": "failed", "problem": problem, "field": "network.ssid"},
        {"state": "failed", "problem": problem, "field": "network.password"},
        {"state": "failed", "problem": problem},
        {"state": "done", "new_address": NETWORK["address"]},
        {"state": "done"},
    ):
        yield {"setup": dict(usual, **state), "packs": []}


def watch(sheet, found: list):
    """Look at every text on its way: whether it leaves the display, or meets one that is there."""
    draw, clear, age_bar = sheet.text, sheet.__init__, sheet.age_bar
    taken = []

    def begin(self, *arguments):
        taken.clear()
        clear(self, *arguments)

    def text(self, text, x, y, colour=0, role=0):
        font = self.font(role)
        # Capitals end on their baseline.
        right, bottom = x + len(text) * font.width, y + (font.baseline if text.isupper() else font.height)
        moves = 0 if self.canvas.tints else 1  # pixels that the picture moves by, against burn-in
        found.append(None)
        if ("192." in text or "123" in text) and NETWORK["address"] not in text:
            found.append("broken address %r" % text)
        if text and (x < 0 or right + moves > self.canvas.width or y < 0 or bottom + moves > self.canvas.height):
            found.append("%r at %d, %d" % (text, x, y))
        for other, left, top, end, under in taken:
            if text and x < end and right > left and y < under and bottom > top:
                found.append("%r at %d, %d upon %r" % (text, x, y, other))
        taken.append((text, x, y, right, bottom))
        return draw(self, text, x, y, colour, role)

    def wipe(self, y):
        taken[:] = [place for place in taken if place[2] >= y + self.line or place[4] <= y]
        age_bar(self, y)

    sheet.__init__, sheet.text, sheet.age_bar = begin, text, wipe


def watch_colours(canvas, found: list):
    """Look at every tint: whether a pixel that was lit before, outside of the rectangle, gets another colour."""
    tints = canvas.tints
    tint = Canvas.tint

    def checked(self, x, y, width, height, colour):
        for row in list(range(y & ~7, y)) + list(range(y + height, (y + height + 7) & ~7)):
            for column in range(max(x, 0), min(x + width, canvas.width)) if 0 <= row < canvas.height else ():
                if canvas.pixels.pixel(column, row) and tints.pixel(column, row // 8) != colour:
                    found.append("colour %d spreads to %d, %d" % (colour, column, row))
                    break
        tint(self, x, y, width, height, colour)

    if tints:
        Canvas.tint = checked


class Outside:
    """A device with a radio, for the menu's sake."""

    wired = False
    network = True
    key_values = {}
    rules = control = None

    def __init__(self, view):
        self.board = self.extremes = self
        self.hub, self.clock, self.config = view.hub, view.clock, dict(view.context.config)
        self.config["control"] = {"policy": Control.config}

    def reset(self):
        """Nothing."""


class Control:
    """A policy for every pack, with conditions: all presets can be chosen."""

    config = {"by": "w", "preset": "off-ride", "conditions": [{}]}

    def __init__(self, packs: list):
        self.states = [PolicyState(pack, {}, 1) for pack in packs]


def draw_menu(canvas, view):
    """Each line in turn, before it was changed and after."""
    menu = view.load("menu").Menu(Outside(view), dict(SETTINGS), "glance")
    for _ in range(7):
        menu.draw(canvas, view)
        menu.change()
        menu.draw(canvas, view)
        menu.next()


def draw_questions(canvas, view):
    """Each line of the menu about control, each question, and everything that can become of it."""
    device = Outside(view)
    device.control = Control(view.hub.packs)
    for pack in view.hub.packs:
        pack.writer = True
    lines = view.load("menu_control")
    menu = view.load("menu").Menu(device, SETTINGS, "glance")
    for _ in menu._lines:
        menu.draw(canvas, view)
        menu.next()
    words = view.words("control")
    pack = view.hub.packs[-1]
    for name in list(ALARMS) + list(BUILTIN) + ["x" * 24]:
        lines.AlarmQuestion(device, pack, name).draw(canvas, view)
    for question in (lines.SwitchQuestion(device, pack), lines.PresetQuestion(device, pack)):
        for _ in question.options:
            question.draw(canvas, view)
            question.press(False)
    question = lines.SwitchQuestion(device, pack)
    for name in words:
        question._facts = "silent", ()
        question.answer = None if "%" in words[name] else name
        question.draw(canvas, view)
    question.answer = "refused"
    for name in view.words("refusals"):
        question._facts = name, FACTS.get(name, ())
        for view.turn in range(3):  # of a text that alternates
            question.draw(canvas, view)


def main(size: str, language: str):
    width, height, colours = json.loads(size)
    canvas = Canvas(width, height, colours)
    found = []
    watch_colours(canvas, found)
    for scenario in scenarios():
        view = make_view(dict({"language": language, "network": NETWORK}, **scenario), colours)
        for name in PAGES:
            page = view.open(name)
            watch(sys.modules["evencell.display.render.sheet"].Sheet, found)
            for turn in (0, 1, 2, 3, 6) if page.has_content(view) else ():
                view.turn = turn
                page.draw(canvas, view)
        view.close()
    for scenario in setups():
        view = make_view(dict({"language": language}, **scenario), colours)
        page = view.open("setup")
        watch(sys.modules["evencell.display.render.sheet"].Sheet, found)
        for view.turn in range(0, 12, 3):
            page.draw(canvas, view)
        view.close()
    view = make_view(dict({"language": language}, **pack()), colours)
    watch(view.load("render.sheet").Sheet, found)
    draw_menu(canvas, view)
    for scenario in (pack(), {"packs": [dict(CELLS, name="front"), dict(CELLS, name="rear")]}):
        view = make_view(dict({"language": language}, **scenario), colours)
        watch(view.load("render.sheet").Sheet, found)
        draw_questions(canvas, view)
    print(found.count(None))
    for line in sorted({line for line in found if line}):
        print(line)


if __name__ == "__main__":
    main(*sys.argv[1:])
