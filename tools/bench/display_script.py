"""Shows pictures on MicroPython, and prints how long it takes: `display_script.py DRIVER WIDTH HEIGHT BYTE_US`."""

import asyncio
import json
import sys
import time

from evencell.display.drivers import colour_panel, mono_panel
from evencell.display.render.canvas import Canvas

_FRAMES = 20


class CountingBus:
    """Takes everything at once, and counts the time that it would take."""

    def __init__(self, byte_us: float):
        self._byte_us = byte_us
        self.us = 0.0

    def command(self, codes):
        """So many bytes, and on I2C address and control byte."""
        self.us += (len(codes) + 2) * self._byte_us

    def data(self, buffer):
        """The same."""
        self.command(buffer)

    def reset(self):
        """Takes no part."""

    def backlight(self, percent: int):
        """Takes no part."""


class Watch:
    """The time between two moments at which others may run: this computer's, and the bus's."""

    def __init__(self, bus: CountingBus):
        self._bus = bus
        self._since_us = 0
        self.pieces_us = []

    def begin(self):
        """Start anew."""
        self._since_us = time.ticks_us()
        self._bus.us = 0.0

    async def sleep_ms(self, _milliseconds: int):
        """In place of the drivers': no other task runs."""
        self.pieces_us.append(time.ticks_diff(time.ticks_us(), self._since_us) + self._bus.us)
        self.begin()


def scribble(canvas, frame: int):
    """Something that is another with each frame, in every strip; one colour a strip, so that the pieces are long."""
    canvas.clear()
    for y in range(0, canvas.height, 4):
        canvas.pixels.hline(0, y, canvas.width - 3 * frame, 1)
    canvas.tint(0, 0, canvas.width, canvas.height, frame % 7)


def main(driver: str, width: int, height: int, byte_us: float):
    """Figures as JSON: the best of the frames, since this computer does other things too."""
    bus = CountingBus(byte_us)
    watch = Watch(bus)
    mono_panel.sleep_ms = colour_panel.sleep_ms = watch.sleep_ms
    module = __import__("evencell.display.drivers." + driver, None, None, ("make",))
    panel = module.make(bus, {"width": width, "height": height})
    canvas = Canvas(panel.width, panel.height, panel.colours)
    panel.start()
    asyncio.run(panel.show(canvas))
    stalls_us, frames_us = [], []
    for frame in range(_FRAMES):
        scribble(canvas, frame)
        watch.pieces_us = []
        watch.begin()
        asyncio.run(panel.show(canvas))
        stalls_us.append(max(watch.pieces_us))
        frames_us.append(sum(watch.pieces_us))
    plain_us = width * height * (2 if panel.colours else 1 / 8) * byte_us
    figures = {"stall_ms": min(stalls_us) / 1000, "frame_ms": min(frames_us) / 1000}
    figures["frame_ratio"] = min(frames_us) / plain_us
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
