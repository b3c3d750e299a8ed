"""The display's menu. Changes apply at once, and are saved when it is closed. Loaded on demand.

Each choice is saved with the configured value that it replaces: `{"brightness": [80, 40]}` replaces 80 by 40 until the
configuration no longer says 80 (`apply_choices` in part.py).
"""

from evencell.compat import const, sleep_ms
from evencell.display.render.canvas import TEXT
from evencell.runtime.lazy import call, lazy

_KEPT = ("brightness", "flipped", "page", "temperature_unit", "dark_on_light")
_STEPS = (5, 20, 40, 60, 80, 100)
_POLL_MS = const(20)


class Menu:
    """A list of settings, one of them selected. `page`: the page shown before, which can be locked."""

    def __init__(self, context, settings: dict, page: str):
        self._context = context
        self._settings = settings
        self._page = page
        self._before = {name: settings.get(name) for name in _KEPT}
        self._is_wifi_off = bool(context.key_values.get("wifi_off"))
        self._is_reset = False
        self._lines: list = list(_KEPT)  # names, and lines of menu_control.py
        if context.board.wired is False and (context.network or self._is_wifi_off):
            self._lines.append("wifi")
        if context.extremes:
            self._lines.append("extremes")
        self._scope = self._control = None
        if context.rules or context.control or any(pack.writer for pack in context.hub.packs):
            self._scope = lazy()
            self._control = self._scope.load("evencell.display.menu_control").ControlLines(context)
            self._lines = self._control.lines + self._lines
        self._at = 0

    def is_busy(self) -> bool:
        """Whether a command is being carried out: its result should still be shown."""
        control = self._control
        return control is not None and control.question is not None and control.question.is_running()

    def next(self):
        """Select the next line."""
        control = self._control
        if control and control.question:
            control.press(False)
            return
        self._at = (self._at + 1) % len(self._lines)

    def change(self):
        """Change the selected setting to its next value, or ask before it does."""
        control = self._control
        if control and control.question:
            control.press(True)
            return
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
            self._context.extremes.reset()
            self._is_reset = True
        elif control and isinstance(name, tuple):
            control.open(name)
        else:
            settings[name] = not settings.get(name)

    def draw(self, canvas, view):
        """Draw the question that is open, or as many lines as fit, the selected one among them."""
        control = self._control
        if control and control.question:
            control.question.draw(canvas, view)
            return
        sheet = view.load("render.sheet").Sheet(canvas, view)
        words = view.words("menu")
        room = canvas.height // sheet.line
        first = max(0, min(self._at - room // 2, len(self._lines) - room))
        for row, name in enumerate(self._lines[first : first + room]):
            y = row * sheet.line
            if control and isinstance(name, tuple):
                text, value = control.text(name, view), control.value(name, view)
            else:
                text, value = words[name], self._value(name, words)
            columns = (sheet.right - sheet.margin - 2) // sheet.unit - len(value) - 1
            sheet.text(text[:columns], sheet.margin + 1, y + sheet.inset)
            sheet.text_right(value, sheet.right - 1, y + sheet.inset)
            if first + row == self._at:
                sheet.bar(y, sheet.line, TEXT)

    def _value(self, name: str, words: dict) -> str:
        settings = self._settings
        if name == "brightness":
            return "%d %%" % settings[name]
        if name == "temperature_unit":
            return "°" + settings[name]
        if name == "extremes":
            return words["cleared" if self._is_reset else "clear"]
        is_on = not self._is_wifi_off if name == "wifi" else settings.get(name)
        return words["on"] if is_on else words["off"]

    def close(self):
        """Save the choices. Switching Wi-Fi restarts the device."""
        context = self._context
        if self._scope:
            self._scope.unload()
        context.key_values.put("display", self._choices() or None)
        if self._is_wifi_off == bool(context.key_values.get("wifi_off")):
            return
        if context.key_values.put("wifi_off", self._is_wifi_off or None):  # else the next start would not know of it
            context.supervisor.start("restart", self._restart)

    async def _restart(self):
        """Restart after the button is released: held down at a start, it deletes the configuration."""
        is_pressed = self._context.board.button()
        while is_pressed and is_pressed():
            await sleep_ms(_POLL_MS)
        call("evencell.runtime.boot_state", "restart_by_owner", self._context)

    def _choices(self) -> dict:
        """All choices, old and new, each with the configured value that it replaces."""
        choices = dict(self._context.key_values.get("display") or {})
        for name in _KEPT:
            value = self._settings.get(name)
            if value == self._before[name]:
                continue
            configured = choices.pop(name, (self._before[name],))[0]
            if value != configured:
                choices[name] = [configured, value]
        return choices
