"""ILI9341: colour displays of 240 × 320 pixels, on SPI.

From its data sheet, V1.11 (Ilitek, 2011), sections 8.2 and 8.3. The usual modules mirror the glass from left to right
and exchange red and blue: so all public drivers have it. Unproven on a board.
"""

from evencell.display.drivers.colour_panel import ColourPanel

# Each with the number of its parameters before it.
_SETUP = (
    b"\x01\xc0\x23"  # power control 1: grey levels up to 4.6 V
    b"\x01\xc1\x10"  # power control 2: step-up factors
    b"\x02\xc5\x3e\x28"  # VCOM control 1: 4.25 V and -1.5 V
    b"\x01\xc7\x86"  # VCOM control 2: moved by -58 steps
)


def make(bus, data: dict) -> ColourPanel:
    """The panel."""
    return ColourPanel(bus, data, _SETUP, 0x40 | (0x08 if data.get("bgr", True) else 0))
