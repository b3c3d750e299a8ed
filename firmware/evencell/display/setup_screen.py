"""The display in setup mode: one page, always lit; no menu, and no packs. Loaded on demand in place of screen.py."""

from evencell.compat import const

_TURN_S = const(2)  # as in screen.py


class SetupScreen:
    """A `Screen` for setup mode."""

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
