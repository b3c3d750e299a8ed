"""Two tasks: one draws and sends the picture to the panel, one looks at buttons, readings and time."""

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.display.button import Button
from evencell.display.canvas import Canvas
from evencell.display.light import OFF
from evencell.display.screen import Screen
from evencell.display.view import View
from evencell.system.on_demand import call

_LOOK_MS = const(20)  # at buttons
_TIME_MS = const(1_000)  # at the clock
_GAP_MS = const(100)  # between two pictures: at most 10 a second
_LONGEST_PAUSE_S = const(60)
_SPARE_MS = const(30_000)


class Display:
    """The owner of the panel. One that is absent or dies is missing until it answers again, and stops nothing.

    `found`: bus and data, as the board's `display_bus` gives them. `pressed`: functions, one for each button, that say
    whether it is down now. `error`: why the panel is missing, or None.
    """

    def __init__(self, context, found: tuple, pressed: list):
        self._context = context
        self._found = found
        self._pressed = pressed
        self._settings = context.config["display"]
        self._panel = self._make()
        self.canvas = Canvas(self._panel.width, self._panel.height, self._panel.colours)
        self.screen = Screen(context, View(context), self._settings, not self._panel.colours)
        self.progress = context.watch.progress()
        self.error: str | None = None
        self._is_due = self._has_news = True
        context.hub.add(self)

    def _make(self):
        """The panel, turned as is wanted now."""
        bus, data = self._found
        data = dict(data)
        self._flipped = self._settings.get("flipped")
        data["rotation"] = (data.get("rotation", 0) + (180 if self._flipped else 0)) % 360
        return call("evencell.display." + data["driver"], "make", bus, data)

    def wake(self):
        """Called by the hub."""
        self._has_news = True

    def summary(self) -> dict:
        """For the device's status."""
        level = self.screen.level
        return {
            "state": "missing" if self.error else "off" if level == OFF else "on",
            "page": self.screen.shown,
            "brightness": None if level == OFF else level,
            "error": self.error,
        }

    async def run(self):
        """Show for ever; a panel that doesn't answer is tried again after pauses of 1 s to 60 s."""
        pause_s = 1
        while True:
            try:
                await self._show()
            except OSError as error:
                if self.error is None:
                    pause_s = 1
                    self._context.log.warning("the display does not answer (%s); it is tried again" % error)
                self.error = str(error)
                self.progress.within(pause_s * 1000 + _SPARE_MS)
                await sleep_ms(pause_s * 1000)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _show(self):
        """Until the panel must be made anew, or fails. While it is off nothing is drawn and nothing sent."""
        screen, settings = self.screen, self._settings
        while screen.level == OFF:
            await self._due()
        self._panel.start()
        level = is_dark_on_light = None
        while settings.get("flipped") == self._flipped:
            if screen.level != OFF:
                screen.draw(self.canvas)
                await self._panel.show(self.canvas)
            elif level != OFF:
                self.canvas.clear()
            if is_dark_on_light != settings["dark_on_light"]:
                is_dark_on_light = settings["dark_on_light"]
                self._panel.invert(is_dark_on_light)
            if level != screen.level:
                self._light_up(level, screen.level)
                level = screen.level
            if self.error is not None:
                self.error = None
                self._context.log.info("the display answers again")
            await sleep_ms(_GAP_MS)
            await self._due()
        self._panel = self._make()

    async def _due(self):
        """Wait until there is something else to be shown."""
        self.progress.rest()
        while not self._is_due:
            await sleep_ms(_LOOK_MS)
        self._is_due = False
        self.progress.within(_SPARE_MS)

    def _light_up(self, before, level: int):
        if before is None or OFF in (before, level):
            self._panel.power(level != OFF)
        if level != OFF:
            self._panel.brightness(level)

    async def attend(self):
        """Look for ever: at the buttons, at what was read, and once a second at the time."""
        buttons = [Button(ticks_ms()) for _ in self._pressed]
        looked = ticks_ms()
        while True:
            now = ticks_ms()
            is_time = ticks_diff(now, looked) >= _TIME_MS
            for number in range(len(buttons)):
                press = buttons[number].look(self._pressed[number](), now)
                if press:
                    self.screen.press(press, number == 1)
                    self._is_due = True
            if self._has_news:
                self._has_news = False
                self._read()
                is_time = self._is_due = True
            if is_time:
                looked = now
                self._is_due = self.screen.look() or self._is_due
            await sleep_ms(_LOOK_MS)

    def _read(self):
        """Something was read, or wasn't."""
        self.screen.notice()
        if self._context.extremes:
            self._context.extremes.observe()
