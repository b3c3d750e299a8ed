"""Deep sleep of an ESP32. Imported only by a device that sleeps.

Unproven on a board: checked against MicroPython 1.29, ports/esp32/modmachine.c, modesp32.c and machine_pin.c, and its
stubs.
"""

import time

import esp32
import machine
from machine import Pin

from boards.esp32 import key_pin

_RTC_BYTES = 2048  # all there are


class Sleeper:
    """Deep sleep of `board`: `rtc` memory and the clock go on, everything else starts anew.

    Direction pins stay low, so that the transceiver never drives the bus. The button wakes where its pin can.
    """

    def __init__(self, board):
        self._board = board
        rtc = self.rtc = board.rtc_memory()
        rtc.buffer += bytes(_RTC_BYTES - len(rtc.buffer))
        board.rtc_memory = lambda: rtc  # there is one

    def time_ns(self) -> int:
        """Nanoseconds of the clock."""
        return time.time_ns()

    def release_pins(self):
        """Release what the sleep held, before a port is used."""
        self._hold(False)

    def cause(self) -> str:
        """What ended the sleep: timer or button; "" after another start."""
        if machine.reset_cause() != machine.DEEPSLEEP_RESET:
            return ""
        return "timer" if machine.wake_reason() == machine.TIMER_WAKE else "button"

    def sleep(self, milliseconds: int):
        """Switch the radio off and sleep; never returns."""
        station = self._board.own_station
        if station and station.is_started():
            station.interface.active(False)
        self._hold(True)
        self._wake_by_button()
        machine.deepsleep(milliseconds)

    def rejoin(self, station):
        """What joins the network of before the sleep."""
        from boards.esp32_rejoin import Rejoin

        return Rejoin(station)

    def _hold(self, is_held: bool):
        """Hold the direction pins low, or release them. Pins without RTC function are held by one switch for all."""
        for pins in self._board.data["uarts"].values():
            if "de" in pins:
                Pin(pins["de"], Pin.OUT, value=0, hold=is_held)  # pyright: ignore[reportCallIssue] (missing from the stub)
        if hasattr(esp32, "gpio_deep_sleep_hold"):
            esp32.gpio_deep_sleep_hold(is_held)  # pyright: ignore[reportAttributeAccessIssue] (missing from the stub)

    def _wake_by_button(self):
        number = self._board.data.get("button")
        if number is None:
            return
        pin = key_pin(self._board.data["chip"], number)
        if not pin.value():
            return  # pressed, or stuck: the chip would wake at once
        try:
            if hasattr(esp32, "wake_on_ext0"):
                esp32.wake_on_ext0(pin, esp32.WAKEUP_ALL_LOW)
            elif hasattr(esp32, "wake_on_gpio"):  # an ESP32-C3, from MicroPython 1.28 on
                esp32.wake_on_gpio((pin,), esp32.WAKEUP_ALL_LOW)
        except ValueError:
            pass  # this pin can't wake the chip
