"""The display's menu, in memory only while it is open. What is chosen there counts at once, and is kept at its end.

It is remembered with what the configuration said then: `{"brightness": [80, 40]}` was 80, and is 40 until the
configuration says anything else (`part.py` looks).
"""

from evencell.compat import const, sleep_ms
from evencell.display.canvas import TEXT
from evencell.system.on_demand import call

_KEPT = ("brightness", "flipped", "page", "temperature_unit", "dark_on_light")
_STEPS = (5, 20, 40, 60, 80, 100)
_LOOK_MS = const(20)


class Menu:
    """Its lines are settings; one of them is marked. `page` is the one that was shown: it can be locked."""

    def __init__(self, context, settings: dict, page: str):
        self._context = context
        self._settings = settings
        self._page = page
        self._before = {name: settings.get(name) for name in _KEPT}
        self._is_wifi_off = bool(context.memory.get("wifi_off"))
        self._has_forgotten = False
        self._lines: list[str] = list(_KEPT)
        if context.board.wired is False and (context.network or self._is_wifi_off):
            self._lines.append("wifi")
        if context.extremes:
            self._lines.append("extremes")
        self._at = 0

    def next(self):
        """Mark the next line."""
        self._at = (self._at + 1) % len(self._lines)

    def change(self):
        """Give the marked line its next value."""
        name, settings = self._lines[self._at], self._settings
        if name == "brightness":
            settings[name] = ([step for step in _STEPS if step > settings[name]] or _STEPS)[0]
        elif name == "page":
            settings[name] = None if settings.get(name) else self._page
        elif name == "temperature_unit":
            settings[name] = "F" if settings[name] == "C" else "C"
        elif name == "wifi":
            self._is_wifi_off = not self._is_wifi_off
        elif name == "extremes":
            self._context.extremes.forget()
            self._has_forgotten = True
        else:
            settings[name] = not settings.get(name)

    def draw(self, canvas, view):
        """As many lines as there is room for; the marked one is among them."""
        sheet = view.load("sheet").Sheet(canvas, view)
        words = view.words("menu")
        room = canvas.height // sheet.line
        first = max(0, min(self._at - room // 2, len(self._lines) - room))
        for row, name in enumerate(self._lines[first : first + room]):
            y = row * sheet.line
            sheet.text(words[name], sheet.margin + 1, y + sheet.inset)
            sheet.text_right(self._value(name, words), sheet.right - 1, y + sheet.inset)
            if first + row == self._at:
                sheet.bar(y, sheet.line, TEXT)

    def _value(self, name: str, words: dict) -> str:
        settings = self._settings
        if name == "brightness":
            return "%d %%" % settings[name]
        if name == "temperature_unit":
            return "°" + settings[name]
        if name == "extremes":
            return words["forgotten" if self._has_forgotten else "forget"]
        is_on = not self._is_wifi_off if name == "wifi" else settings.get(name)
        return words["on"] if is_on else words["off"]

    def close(self):
        """Keep what was chosen. A radio that is switched takes a restart."""
        context = self._context
        try:
            context.memory.put("display", self._choices() or None)
            if self._is_wifi_off != bool(context.memory.get("wifi_off")):
                context.memory.put("wifi_off", self._is_wifi_off or None)
                call("boots", "proven", context.board)  # an owner's restart is no early end
                context.supervisor.start("restart", self._restart)
        except OSError as error:
            context.log.warning("the menu's choices can't be kept: %s" % error)

    async def _restart(self):
        """Once the button is let go: the next start would take one that is down for a wish to forget everything."""
        board = self._context.board
        is_pressed = board.button()
        while is_pressed and is_pressed():
            await sleep_ms(_LOOK_MS)
        board.restart()

    def _choices(self) -> dict:
        """All choices, these and those from before, each with what it took the place of."""
        choices = dict(self._context.memory.get("display") or {})
        for name in _KEPT:
            value = self._settings.get(name)
            if value == self._before[name]:
                continue
            configured = choices.pop(name, (self._before[name],))[0]
            if value != configured:
                choices[name] = [configured, value]
        return choices
