"""A display without glass: what it would show is fetched over HTTP."""

from evencell.compat import const

_MONO_PIXELS = const(128 * 64)  # what is larger has colours


def make(_bus, data: dict):
    """The panel (canvas.py has the contract)."""
    if data.get("rotation", 0) in (90, 270):
        return Picture(data["height"], data["width"])
    return Picture(data["width"], data["height"])


class Picture:
    """Takes everything and sends nothing."""

    def __init__(self, width: int, height: int):
        self.width = width
        self.height = height
        self.colours = width * height > _MONO_PIXELS

    def start(self):
        """There is nothing to set up."""

    async def show(self, canvas):
        """The canvas itself is what is fetched."""

    def brightness(self, percent: int):
        """No light."""

    def power(self, on: bool):
        """No chip."""

    def invert(self, on: bool):
        """No glass."""
