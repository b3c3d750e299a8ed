"""Serial ports of this computer, with sentences instead of tracebacks."""

import errno
import termios

import click
import serial
from serial.tools import list_ports

from evencell.link.exchange import BAUD_RATE

_REMEDIES = {
    errno.ENOENT: "there is no such port. Is the adapter plugged in? Linux: ls /dev/ttyUSB* /dev/ttyACM*",
    errno.EACCES: "you may not open it. Linux: sudo usermod -aG dialout $USER, then log out and in again",
    errno.EBUSY: "another program uses it. Close that one first (Linux: lsof PORT shows which)",
    errno.EAGAIN: "another program uses it. Close that one first (Linux: lsof PORT shows which)",
    errno.EISDIR: "this is a folder, not a serial port",
    errno.ENOTTY: "this is a file, not a serial port",
}


class SerialPort(serial.Serial):
    """A port as the firmware's link wants it; a USB adapter turns its transceiver by itself.

    Raises PortError when the port vanishes.
    """

    direction = None

    def write(self, data) -> int:
        try:
            return super().write(data) or 0
        except OSError:
            raise self._vanished() from None

    def readinto(self, buffer) -> int:
        try:
            return super().readinto(buffer) or 0
        except OSError:
            raise self._vanished() from None

    def _vanished(self) -> "PortError":
        return PortError(f"{self.port}: it is gone. Was the adapter unplugged?")


class PortError(click.ClickException):
    """A port that can't be used: one sentence, exit status 1."""

    exit_code = 1


def open_port(path: str, baud: int = BAUD_RATE, timeout_s: float = 0) -> SerialPort:
    """Open `path` for us alone; reads wait for `timeout_s` at most. Raises PortError."""
    try:
        return SerialPort(path, baud, timeout=timeout_s, exclusive=True)
    except (OSError, termios.error) as error:
        number = getattr(error, "errno", None) or getattr(error.__context__, "args", [0])[0]
        remedy = _REMEDIES.get(number, str(error))
        raise PortError(f"{path}: {remedy.replace('PORT', path)}.") from None


def choose_port(found: list[str] | None = None) -> str:
    """The one USB serial port that is there (or is in `found`); raises PortError where there are none or several."""
    if found is None:
        found = sorted(port.device for port in list_ports.comports() if port.vid is not None)
    if not found:
        raise PortError("No USB serial port is there. Is the board plugged in? Else name its port: PORT=/dev/ttyUSB0")
    if len(found) > 1:
        raise PortError(f"Which port is the board's? Say PORT= with one of {', '.join(found)}.")
    return found[0]
