"""Setup mode: name and password of the access point with a code that joins it, then how the setup goes on."""

from evencell.compat import const
from evencell.display.render.canvas import BUSY, DIM, GOOD, TEXT, WARN
from evencell.display.render.code import draw_facts, draw_with_code
from evencell.display.render.sheet import Sheet

_TURN_S = const(2)  # as in screen.py
_TURNS = const(3)  # for each part
_SPECIAL = '\\;,":'


def has_content(view) -> bool:
    """In setup mode."""
    return bool(view.context.setup)


def draw(canvas, view):
    """Draw the facts, and the access point as a code; in the end the address of the device's page."""
    sheet = Sheet(canvas, view, False)
    setup, words = view.context.setup, view.words("setup")
    text, whole = join_text(setup.ssid, setup.password), 3
    if setup.state == "done" and setup.new_address:
        text, whole = "http://%s/" % _with_port(view, setup.new_address), 1
        facts = [(_with_port(view, setup.new_address), TEXT), (words["done"], GOOD)]
    else:
        password = words["open"] if setup.password is None else words["password"] % setup.password
        facts = [(words["wifi"] % setup.ssid, TEXT), (password, TEXT), (_with_port(view, setup.address), DIM)]
        facts.append(progress(setup, words))
    if not sheet.is_tiny:
        draw_with_code(sheet, text, facts, whole, view.turn // _TURNS)
    else:
        draw_facts(sheet, facts, view.turn // _TURNS, sheet.margin, 0, canvas.height)


def progress(setup, words: dict) -> tuple:
    """What happens, with its colour."""
    if setup.state == "trying":
        return words["trying"] % (setup.new_ssid or words["cable"]), BUSY
    if setup.problem:
        return words[setup.field if setup.field in words else "failed"], WARN
    return (words["done"], GOOD) if setup.state == "done" else (words["scan"], DIM)


def join_text(ssid: str, password: "str | None") -> str:
    """What phones take for a network to join, in the form that ZXing introduced; no password: an open network."""
    if password is None:
        return "WIFI:T:nopass;S:%s;;" % _escaped(ssid)
    return "WIFI:T:WPA;S:%s;P:%s;;" % (_escaped(ssid), _escaped(password))


def _escaped(text: str) -> str:
    return "".join(["\\" + letter if letter in _SPECIAL else letter for letter in text])


def _with_port(view, address: str) -> str:
    port = view.context.config["http"]["port"]
    return address if port == 80 else "%s:%d" % (address, port)


class SetupScreen:
    """In place of `Screen`: one page, always lit; no menu, and no packs."""

    def __init__(self, context, view, settings: dict, _burns_in: bool):
        self._context = context
        self._view = view
        self._state = None
        self.level = settings["brightness"]
        self.shown = "setup"

    def press(self, _press: int, _is_second: bool):
        """Nothing: there is no other page."""

    def update(self):
        """Nothing: no pack is polled."""

    def tick(self) -> bool:
        """Return whether the picture changes."""
        setup = self._context.setup
        state = setup.state, setup.problem, setup.password, setup.address, self._turn()
        if state == self._state:
            return False
        self._state = state
        return True

    def draw(self, canvas):
        """Draw the current picture."""
        view = self._view
        view.turn = self._turn()
        (view.page or view.open(self.shown)).draw(canvas, view)

    def _turn(self) -> int:
        return self._context.clock.uptime_ms() // 1000 // _TURN_S
