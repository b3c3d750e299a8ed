"""SH1106: mono OLED displays of 128 × 64 pixels, on I2C or SPI; often sold as SSD1306 with 1.3 inches.

Its memory has 132 columns, of which the glass shows the middle 128 on the usual modules: else `x_offset` says where it
begins. From its data sheet, V2.3 (Sino Wealth), "Commands". Unproven on a board.
"""

from evencell.display.drivers.mono_panel import MonoPanel


def make(bus, data: dict) -> MonoPanel:
    """The panel."""
    setup = bytes((
        0xAE,  # off
        0xD5, 0x50,  # clock, as after reset
        0xA8, data["height"] - 1,  # rows driven
        0xD3, 0x00, 0x40,  # the first row is the first of the memory
        0xAD, 0x8B, 0x32,  # DC-DC converter on while the display is, for 8 V
        0xDA, 0x12,  # how the rows are wired to the chip
        0xD9, 0x22,  # pre-charge, as after reset
        0xDB, 0x35,  # deselect level, as after reset
        0xA4,  # the memory is shown
    ))  # fmt: skip
    return MonoPanel(bus, data, 132, setup)
