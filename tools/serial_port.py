"""Serial ports of this computer, and ports behind a network, with sentences instead of tracebacks."""

import errno
import socket
import termios
from typing import TYPE_CHECKING, Any

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
    errno.ECONNREFUSED: "connection refused: nothing listens there",
    errno.EHOSTUNREACH: "no route to host",
    errno.ENETUNREACH: "no route to host",
}
_NO_ADDRESS = "this is not an address such as socket://192.168.1.20:4000"
_Base = serial.Serial if TYPE_CHECKING else object


class _LinkPort(_Base):
    """A port as the firmware's link wants it; a USB adapter turns its transceiver by itself.

    Raises PortError when the port vanishes. Stands before a class of pyserial: of a device here, or of a kind of URL.
    """

    direction = None

    def write(self, data, /) -> int:
        try:
            return super().write(data) or 0
        except OSError:
            raise self._vanished() from None

    def readinto(self, buffer, /) -> int:
        try:
            return super().readinto(buffer) or 0
        except OSError:
            raise self._vanished() from None

    def _vanished(self) -> "PortError":
        return PortError(f"{self.port}: it is gone. Was the adapter unplugged?")


class SerialPort(_LinkPort, serial.Serial):
    """A port of this computer."""


class PortError(click.ClickException):
    """A port that can't be used: one sentence, exit status 1."""

    exit_code = 1


def is_url(path: str) -> bool:
    """Whether pyserial opens it by a URL (`socket://host:port`, `rfc2217://host:port`), and not as a device here."""
    return "://" in path


def open_port(path: str, baud: int = BAUD_RATE, timeout_s: float = 0) -> SerialPort:
    """Open `path` for us alone; reads wait for `timeout_s` at most. Raises PortError."""
    try:
        if is_url(path):
            return _open_url(path, baud, timeout_s)
        return SerialPort(path, baud, timeout=timeout_s, exclusive=True)
    except (OSError, ValueError, NotImplementedError, termios.error) as error:
        raise PortError(f"{path}: {_reason(error).replace('PORT', path)}.") from None


def _open_url(url: str, baud: int, timeout_s: float) -> SerialPort:
    """pyserial has a class for each kind of URL: this one is made of that and ours."""
    template = serial.serial_for_url(url, do_not_open=True)
    kind: Any = type("UrlPort", (_LinkPort, type(template)), {})
    opened = kind(None, baud, timeout=timeout_s)
    opened.port = template.port
    opened.open()
    return opened


def _reason(error: Exception) -> str:
    """What stands in the way, and what to do."""
    cause = error.__context__ or error
    number = getattr(error, "errno", None) or getattr(cause, "errno", None) or (cause.args or [0])[0]
    if isinstance(cause, socket.gaierror):
        return "host not found"
    if isinstance(cause, TimeoutError):
        return "timed out: no host answers there"
    return _REMEDIES.get(number, _NO_ADDRESS if isinstance(cause, (TypeError, ValueError)) else str(error))


def choose_port(found: list[str] | None = None) -> str:
    """The one USB serial port that is there (or is in `found`); raises PortError where there are none or several."""
    if found is None:
        found = sorted(port.device for port in list_ports.comports() if port.vid is not None)
    if not found:
        raise PortError("No USB serial port is there. Is the board plugged in? Else name its port: PORT=/dev/ttyUSB0")
    if len(found) > 1:
        raise PortError(f"Which port is the board's? Say PORT= with one of {', '.join(found)}.")
    return found[0]
