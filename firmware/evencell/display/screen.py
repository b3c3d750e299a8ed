"""Decides by presses, alarms and time which page is shown, and how bright."""

from evencell.compat import const
from evencell.display.button import HELD, LONG
from evencell.display.light import OFF, Light, shift
from evencell.display.pages import PAGES
from evencell.pack.pack import OFFLINE
from evencell.runtime.lazy import call

_ALARMS = "alarms"  # the page that an alarm opens
_TURN_S = const(2)  # how long each of several texts in one place is shown
_TURNS_PER_PACK = const(4)
_MENU_S = const(20)  # after the last press
_IS_OFFLINE = const(0x10000)  # beside the bits of the alarms
_HAS_RULE = const(0x20000)
_DAY_S = const(86_400)


class Screen:
    """`level`: brightness in percent, or OFF. `shown`: name of the page, "menu" or "saver".

    `settings`: section `display` of the configuration, with the menu's choices applied; `page` in it is the locked
    page, if any. With `burns_in` the picture moves, and there is a screensaver.
    """

    def __init__(self, context, view, settings: dict, burns_in: bool):
        self._context = context
        self._view = view
        view.pack = context.hub.packs[0]
        self._settings = settings
        self._burns_in = burns_in
        self._light = Light(settings, self._now_s())
        self._pressed_s = 0
        self._troubles = {}  # of each pack, by name
        self._page = settings.get("page") or PAGES[0]
        self._page_before = None  # an alarm opened its page
        self._menu = None
        self._state = None
        self._zone = None  # the rule, or the minutes, of the next two
        self._offset_s = self._offset_until_s = 0
        self.level = OFF
        self.shown = self._page
        self.tick()

    def press(self, press: int, is_second: bool):
        """Handle a press (button.py) of the first or second button."""
        now_s = self._now_s()
        was_dark = self.level == OFF or self.shown == "saver"
        self._light.wake(now_s)
        self._pressed_s = now_s
        self._page_before = None  # the alarm was seen
        if press == HELD:
            self._close_menu() if self._menu else self._open_menu()
        elif was_dark:
            pass
        elif self._menu:
            self._menu.change() if is_second or press == LONG else self._menu.next()
        elif press == LONG:
            self._light.switch_off()
        else:
            self._turn(-1 if is_second else 1)
        self.tick()

    def update(self):
        """Handle new readings, or their absence."""
        self._view.update()
        was_troubled = any(self._troubles.values())
        for number, pack in enumerate(self._context.hub.packs):
            if pack.sequence and self._light.has_risen(number, pack.accepted.pack_mv):
                self._light.wake(self._now_s())
            self._check_alarms(pack)
        if was_troubled and self._page_before and not any(self._troubles.values()):
            self._go_to(self._page_before)
            self._page_before = None

    def _check_alarms(self, pack):
        """Open the page of alarms at a new alarm, or when the balancer is offline."""
        troubles = (pack.accepted.alarms or 0) | (_IS_OFFLINE if pack.link == OFFLINE else 0)
        troubles |= _HAS_RULE if pack.rules else 0
        if troubles & ~self._troubles.get(pack.name, 0):
            self._light.wake(self._now_s())
            if self._page != _ALARMS:
                self._page_before = self._page
                self._go_to(_ALARMS)
        self._troubles[pack.name] = troubles

    def tick(self) -> bool:
        """Handle the passing of time, about once a second; returns whether the picture changes."""
        now_s = self._now_s()
        self.level = self._light.level(now_s, self._minute(), self._context.hub.low_level > 0)
        if self._menu and self._menu.is_busy():
            self._pressed_s = now_s
        if self._menu and (self.level == OFF or now_s - self._pressed_s >= _MENU_S):
            self._close_menu()
        is_saving = self._burns_in and self.level != OFF and self._light.is_saver_due(now_s)
        self.shown = "menu" if self._menu else "saver" if is_saving else self._page
        state = self.level, self.shown, now_s // _TURN_S, self._settings["dark_on_light"]
        if self.level == OFF:
            state = OFF, "", 0, False
        if state == self._state:
            return False
        self._state = state
        if self.level == OFF:
            self._view.close()
        return True

    def draw(self, canvas):
        """Draw the current picture."""
        view = self._view
        packs = self._context.hub.packs
        now_s = self._now_s()
        view.turn = now_s // _TURN_S
        view.pack = packs[view.turn // _TURNS_PER_PACK % len(packs)]
        canvas.clear()
        if self._menu:
            self._menu.draw(canvas, view)
        elif self.shown == "saver":
            view.close()
            view.load("saver").draw(canvas, view)
        else:
            (view.page or view.open(self._page)).draw(canvas, view)
        if self._burns_in:
            move(canvas, *shift(now_s))

    def _turn(self, step: int):
        """Go to the next page that has content, or to the locked page."""
        locked = self._settings.get("page")
        if locked:
            self._go_to(locked)
            return
        at = PAGES.index(self._page)
        for _ in PAGES:
            at = (at + step) % len(PAGES)
            self._page = PAGES[at]
            if self._view.open(self._page).has_content(self._view):
                return

    def _go_to(self, page: str):
        self._page = page
        if not self._menu:
            self._view.close()

    def _open_menu(self):
        self._view.close()
        self._menu = self._view.load("menu").Menu(self._context, self._settings, self._page)

    def _close_menu(self):
        if self._menu:
            self._menu.close()
        self._menu = None
        self._view.close()

    def _now_s(self) -> int:
        return self._context.clock.uptime_ms() // 1000

    def _minute(self) -> int | None:
        """Minute of the local day; None if it is unknown or not needed."""
        unix_s = self._context.clock.unix_s() if self._settings["night"] else None
        return None if unix_s is None else (unix_s + self._local_offset_s(unix_s)) // 60 % 1440

    def _local_offset_s(self, unix_s: int) -> int:
        settings = self._context.config["time"]
        zone = settings["zone"] or settings["utc_offset_min"]
        # Also after the clock was set back: an offset counts for a day at most.
        if zone != self._zone or not 0 < self._offset_until_s - unix_s <= _DAY_S:
            self._offset_s, self._offset_until_s = call("evencell.clock.zone", "local_offset", settings, unix_s)
            self._zone = zone
        return self._offset_s


def move(canvas, right, down):
    """Move the picture by a pixel; the uncovered edge is dark."""
    pixels = canvas.pixels
    pixels.scroll(int(right), int(down))
    if right:
        pixels.vline(0, 0, canvas.height, 0)
    if down:
        pixels.hline(0, 0, canvas.width, 0)
