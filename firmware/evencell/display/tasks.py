"""The display's two tasks: one draws and sends pictures, one polls buttons, readings and time."""

from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.display.button import Button
from evencell.display.light import OFF
from evencell.display.render.canvas import Canvas
from evencell.display.screen import Screen
from evencell.display.view import View
from evencell.runtime.backoff import Backoff
from evencell.runtime.lazy import unload

_POLL_MS = const(20)  # of buttons
_TICK_MS = const(1_000)  # of the screen
_GAP_MS = const(100)  # between two pictures: at most 10 a second
_SPARE_MS = const(30_000)


class Display:
    """Owns the panel. A panel that does not answer is retried, and stops nothing else.

    `found`: bus and data, as the board's `display_bus` returns them. `pressed`: a function for each button, which
    returns whether it is down. `screen`: a class in place of `Screen`. `error`: why the panel is missing, or None.
    """

    def __init__(self, context, found: tuple, pressed: list, screen=None):
        self._context = context
        self._found = found
        self._pressed = pressed
        self._settings = context.config["display"]
        self._panel = self._make()
        colours = self._panel.colours
        self.canvas = Canvas(self._panel.width, self._panel.height, colours)
        view = View(context, "colour." if colours else "pages.")
        self.screen = (screen or Screen)(context, view, self._settings, not colours)
        self.heartbeat = context.watchdog.heartbeat()
        self.error: str | None = None
        self._is_due = self._is_updated = True
        context.hub.add(self)

    def _make(self):
        """The panel, with the current rotation."""
        bus, data = self._found
        data = dict(data)
        self._flipped = self._settings.get("flipped")
        data["rotation"] = (data.get("rotation", 0) + (180 if self._flipped else 0)) % 360
        driver = "evencell.display.drivers." + data["driver"]
        try:
            return __import__(driver, None, None, ("make",)).make(bus, data)
        finally:
            unload(driver)  # not what it is made of: with the display turned it is needed again

    def wake(self):
        """Called by the hub."""
        self._is_updated = True

    def summary(self) -> dict:
        """Part of the device's status."""
        level = self.screen.level
        return {
            "state": "missing" if self.error else "off" if level == OFF else "on",
            "page": self.screen.shown,
            "brightness": None if level == OFF else level,
            "error": self.error,
        }

    async def run(self):
        """Draw and send; a panel that does not answer is retried with backoff."""
        backoff = Backoff()
        while True:
            try:
                await self._show()
            except OSError as error:
                if self.error is None:
                    backoff.reset()
                    self._context.log.warning("display: no answer; check its wires and supply; retrying (%s)" % error)
                self.error = "no answer; check its wires and supply"
                pause_ms = backoff.fail()
                self.heartbeat.set_deadline(pause_ms + _SPARE_MS)
                await sleep_ms(pause_ms)

    async def _show(self):
        """Show until the rotation changes, or the panel fails. While it is off, nothing is drawn or sent."""
        screen, settings = self.screen, self._settings
        while screen.level == OFF:
            await self._wait_for_change()
        self._panel.start()
        level = is_dark_on_light = None
        while settings.get("flipped") == self._flipped:
            if is_dark_on_light != settings["dark_on_light"]:
                is_dark_on_light = settings["dark_on_light"]
                self._panel.invert(is_dark_on_light)
            if screen.level != OFF:
                screen.draw(self.canvas)
                await self._panel.show(self.canvas)
            elif level != OFF:
                self.canvas.clear()
            if level != screen.level:
                self._set_level(level, screen.level)
                level = screen.level
            if self.error is not None:
                self.error = None
                self._context.log.info("display: answers again")
            await sleep_ms(_GAP_MS)
            await self._wait_for_change()
        self._panel = self._make()

    async def _wait_for_change(self):
        """Wait until the picture changes."""
        self.heartbeat.suspend()
        while not self._is_due:
            await sleep_ms(_POLL_MS)
        self._is_due = False
        self.heartbeat.set_deadline(_SPARE_MS)

    def _set_level(self, before, level: int):
        if before is None or OFF in (before, level):
            self._panel.power(level != OFF)
        if level != OFF:
            self._panel.brightness(level)

    async def poll(self):
        """Poll the buttons and new readings; tick the screen once a second."""
        buttons = [Button(ticks_ms()) for _ in self._pressed]
        ticked = ticks_ms()
        while True:
            now = ticks_ms()
            is_time = ticks_diff(now, ticked) >= _TICK_MS
            for number in range(len(buttons)):
                press = buttons[number].update(self._pressed[number](), now)
                if press:
                    self.screen.press(press, number == 1)
                    self._is_due = True
            if self._is_updated:
                self._is_updated = False
                self._update()
                is_time = self._is_due = True
            if is_time:
                ticked = now
                self._is_due = self.screen.tick() or self._is_due
            await sleep_ms(_POLL_MS)

    def _update(self):
        """Handle new readings, or their absence."""
        self.screen.update()
        if self._context.extremes:
            self._context.extremes.update()
