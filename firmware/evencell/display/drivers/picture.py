"""A virtual display, whose picture is fetched over HTTP."""

from evencell.compat import const

_MONO_PIXELS = const(128 * 64)  # what is larger has colours


def make(_bus, data: dict):
    """The panel (contract: canvas.py)."""
    if data.get("rotation", 0) in (90, 270):
        return Picture(data["height"], data["width"])
    return Picture(data["width"], data["height"])


class Picture:
    """A panel that sends nothing."""

    def __init__(self, width: int, height: int):
        self.width = width
        self.height = height
        self.colours = width * height > _MONO_PIXELS

    def start(self):
        """No chip."""

    async def show(self, canvas):
        """The canvas itself is served."""

    def brightness(self, percent: int):
        """No light."""

    def power(self, on: bool):
        """No chip."""

    def invert(self, on: bool):
        """No glass."""
