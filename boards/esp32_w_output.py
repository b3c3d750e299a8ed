"""The pin that drives the W switch of an ESP32 (docs/wiring.md).

Unproven on a board: checked against MicroPython's source (ports/esp32/machine_pin.c sets the value before the
direction) and its stubs alone.
"""

from machine import Pin


class WOutput:
    """An input, until it is driven: then the switch's resistor decides. `is_inverted`: low switches on."""

    def __init__(self, number: int, is_inverted: bool):
        self._pin = Pin(number, Pin.IN)
        self._is_inverted = is_inverted

    def drive(self, is_on: bool):
        """Switch the balancer on or off."""
        self._pin.init(Pin.OUT, value=int(is_on != self._is_inverted))

    def release(self):
        """Let the resistor decide."""
        self._pin.init(Pin.IN)
