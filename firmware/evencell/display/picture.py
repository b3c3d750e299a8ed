"""A display without glass: what it would show is fetched over HTTP."""


def make(_bus, data: dict):
    """The panel (canvas.py has the contract); `colours` in `data` says whether it has any."""
    return Picture(data)


class Picture:
    """Takes everything and sends nothing."""

    def __init__(self, data: dict):
        self.width = data["width"]
        self.height = data["height"]
        self.colours = data.get("colours", False)

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
