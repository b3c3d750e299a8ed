"""SSD1306: mono OLED displays of 128 × 64 and 128 × 32 pixels, on I2C or SPI.

From its data sheet, Rev 1.5 (Solomon Systech, 2010): commands in sections 9 and 10, start with the charge pump in
8.9.2 and in the application note behind it. Unproven on a board.
"""

from evencell.display.drivers.mono_panel import MonoPanel


def make(bus, data: dict) -> MonoPanel:
    """The panel; `height` 64 or 32."""
    height = data["height"]
    setup = bytes((
        0xAE,  # off
        0xD5, 0x80,  # clock, as after reset
        0xA8, height - 1,  # rows driven
        0xD3, 0x00, 0x40,  # the first row is the first of the memory
        0x8D, 0x14,  # charge pump on
        0x20, 0x02,  # a page at a time
        0xDA, 0x12 if height == 64 else 0x02,  # how the rows are wired to the chip
        0xD9, 0xF1,  # pre-charge for the charge pump
        0xDB, 0x20,  # deselect level, as after reset
        0x2E, 0xA4,  # no scrolling, the memory is shown
    ))  # fmt: skip
    return MonoPanel(bus, data, 128, setup)
