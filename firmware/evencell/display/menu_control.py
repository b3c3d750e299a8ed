"""Lines of the display's menu about alarms, balancing and its policy. Each asks before it does anything. Lazy.

A command takes the same path as one from the page or over MQTT: `pack.writer`, control/rules.py, control/preset.py.
"""

import asyncio

from evencell.control.policies import state_of
from evencell.display.render.canvas import TEXT
from evencell.pack.pack import ASLEEP
from evencell.runtime.lazy import call

ACKNOWLEDGE = "acknowledge"
BALANCING = "balancing"
POLICY = "policy"

_SWITCH = "balancing_enabled"
_RULES = "evencell.control.rules"
_PRESET = "evencell.control.preset"
_LIMITS = "evencell.pack.limits"
_NO = "no"
_RUNNING = "running"
_LOG_NAME = "a command of the menu"


class ControlLines:
    """`lines`: tuples of kind and pack, for what can be done here. `question`: the one that is open, or None."""

    def __init__(self, context):
        self._context = context
        self._unseen = {}  # names of raised rules and alarms of each pack, by its name
        self.lines = []
        self.question: Question | None = None
        packs, control = context.hub.packs, context.control
        if context.rules:
            self._find_unseen()
        self.lines += [(ACKNOWLEDGE, pack) for pack in packs if self._unseen.get(pack.name)]
        self.lines += [(BALANCING, pack) for pack in packs if pack.writer]
        for pack in packs:
            if state_of(control, pack.name) and (pack.writer or control.config["by"] == "w"):
                self.lines.append((POLICY, pack))

    def _find_unseen(self):
        for state in self._context.rules.states:
            self._unseen[state.pack.name] = call(_RULES, "unacknowledged", state)

    def text(self, line: tuple, view) -> str:
        """What a line is about, with the pack's name if there are several."""
        text = view.words("menu")[line[0]]
        return "%s %s" % (text, line[1].name) if len(view.hub.packs) > 1 else text

    def value(self, line: tuple, view) -> str:
        """What stands at the right of a line."""
        kind, pack = line
        if kind == ACKNOWLEDGE:
            return str(len(self._unseen[pack.name]))
        if kind == POLICY:
            return view.words("presets")[call(_PRESET, "active", self._context, pack)]
        return view.words("menu")["on" if pack.accepted.balancing_enabled else "off"] if pack.sequence else "-"

    def open(self, line: tuple):
        """Ask about a line."""
        kind, pack = line
        if kind == BALANCING:
            self.question = SwitchQuestion(self._context, pack)
        elif kind == POLICY:
            self.question = PresetQuestion(self._context, pack)
        elif self._unseen[pack.name]:
            self.question = AlarmQuestion(self._context, pack, self._unseen[pack.name][0])

    def press(self, is_choice: bool):
        """Hand a press to the question that is open."""
        if self.question and self.question.press(is_choice):
            self.question = None
            if self._context.rules:
                self._find_unseen()


class Question:
    """Asks, carries the command out, and shows its result.

    `options`: keys of the section `section` of the texts, `at`: the selected one. `answer`: None while it asks, else a
    key of the section `control`. A subclass has `_question(view)`, its text, and `_carry_out()`: the answer.
    """

    def __init__(self, context, pack, options: tuple = (_NO, "yes"), section: str = "control"):
        self._context = context
        self._pack = pack
        self._section = section
        self.options = options
        self.at = 0
        self.answer: str | None = None

    def press(self, is_choice: bool) -> bool:
        """Select the next option, choose the selected one, or close the answer; returns whether it is over."""
        if self.answer is None:
            if not is_choice:
                self.at = (self.at + 1) % len(self.options)
            elif self.options[self.at] == _NO:
                return True
            else:
                self._begin()
            return False
        return not self.is_running()

    def is_running(self) -> bool:
        """Whether it is being carried out."""
        return self.answer == _RUNNING

    def _begin(self):
        try:
            self.answer = self._carry_out()
        except MemoryError:
            self.answer = "no_memory"

    def draw(self, canvas, view):
        """Draw the question with its options below, or the answer."""
        sheet = view.load("render.sheet").Sheet(canvas, view, False)
        text = self._question(view) if self.answer is None else self._answer(view)
        if len(view.hub.packs) > 1:
            text = "%s: %s" % (self._pack.name, text)
        lines = view.load("render.prose").wrap(sheet, text)
        rows = canvas.height // sheet.line
        if self.answer is not None:
            first = view.turn % ((len(lines) + rows - 1) // rows) * rows
            _draw_lines(sheet, lines[first : first + rows])
            return
        count = min(len(self.options), max(1, rows - len(lines)))
        _draw_lines(sheet, lines[: rows - count])
        first = max(0, min(self.at - count // 2, len(self.options) - count))
        words = view.words(self._section)
        for row in range(count):
            y = (min(len(lines), rows - count) + row) * sheet.line
            sheet.text(words[self.options[first + row]], sheet.margin + 1, y + sheet.inset)
            if first + row == self.at:
                sheet.bar(y, sheet.line, TEXT)

    def _question(self, view) -> str:
        raise NotImplementedError

    def _carry_out(self) -> str:
        raise NotImplementedError

    def _answer(self, view) -> str:
        return view.words("control")[self.answer]


class SwitchQuestion(Question):
    """Balancing on or off."""

    def __init__(self, context, pack):
        Question.__init__(self, context, pack)
        self._wanted = not pack.accepted.balancing_enabled
        self._facts: tuple = ("silent", ())  # as `_refusal` has them
        if not pack.sequence:
            self.answer = "refused"

    def _question(self, view) -> str:
        return view.words("control")["switch_on" if self._wanted else "switch_off"]

    def _carry_out(self) -> str:
        # It waits for the bus: a task of its own.
        task = self._context.supervisor.contain(_LOG_NAME, self._switch())
        asyncio.create_task(task)  # noqa: RUF006 - the event loop keeps it
        return _RUNNING

    async def _switch(self):
        answer = "failed"
        try:
            result = await self._pack.writer(_SWITCH, self._wanted, "menu")
            answer = result["result"]
            if not result["error"]:
                answer = "is_on" if self._wanted else "is_off"
            elif answer == "refused":
                self._facts = self._refusal()
        except MemoryError:
            answer = "no_memory"
        finally:
            self.answer = answer

    def _refusal(self) -> tuple:
        """Why nothing was written: a key of the section `refusals`, and its facts."""
        context, pack = self._context, self._pack
        if pack.link == ASLEEP:
            return "asleep", ()
        age_ms, config = pack.age_ms(context.clock), context.config
        chemistry, own = config["packs"][context.hub.packs.index(pack)]["chemistry"], config.get("control", {})
        found = call(_LIMITS, "switch_on_refusal", pack.accepted, age_ms, chemistry, own.get("limits"))
        return found if found and self._wanted and found[0] != "old" else ("silent", ())

    def _answer(self, view) -> str:
        words = view.words("control")
        text = words[self.answer]
        if self.answer == "refused":
            name, facts = self._facts
            return "%s %s" % (text, view.words("refusals")[name] % facts)
        control = self._context.control
        if self.answer in ("is_on", "is_off") and state_of(control, self._pack.name) and control.config["by"] == "f6":
            text += " " + words["by_policy"]
        return text


class AlarmQuestion(Question):
    """Whether a raised rule or alarm was seen."""

    def __init__(self, context, pack, name: str):
        Question.__init__(self, context, pack)
        self._name = name

    def _question(self, view) -> str:
        return view.words("control")["acknowledge"] % view.words("names").get(self._name, self._name)

    def _carry_out(self) -> str:
        rules = self._context.rules
        state = rules.states[self._context.hub.packs.index(self._pack)]
        if self._name not in call(_RULES, "unacknowledged", state):
            return "cleared"
        call(_RULES, "acknowledge", self._context, rules, state, self._name, "menu")
        return "acknowledged"


class PresetQuestion(Question):
    """Another preset of the balance policy."""

    def __init__(self, context, pack):
        options = call(_PRESET, "available", context)
        Question.__init__(self, context, pack, options, "presets")
        self.at = options.index(call(_PRESET, "active", context, pack))

    def _question(self, view) -> str:
        return view.words("control")["which_policy"]

    def _carry_out(self) -> str:
        call(_PRESET, "choose", self._context, self._pack, self.options[self.at], "menu")
        return "chosen"


def _draw_lines(sheet, lines: list):
    for row, line in enumerate(lines):
        sheet.text(line, sheet.margin, row * sheet.line + sheet.inset)
