"""ST7789: colour displays of 135 × 240, 240 × 240, 170 × 320 and 240 × 320 pixels, on SPI.

A smaller glass shows a part of the chip's memory: `x_offset` and `y_offset` say where it begins. Most are `inverted`.
From its data sheet, ST7789V V1.3 (Sitronix, 2014), section 9.1; what a reset sets is left as it is. Unproven on
a board.
"""

from evencell.display.drivers.colour_panel import ColourPanel


def make(bus, data: dict) -> ColourPanel:
    """The panel."""
    return ColourPanel(bus, data, b"", 0x08 if data.get("bgr") else 0)
