"""Serial ports, of this computer or behind a network, with errors in sentences."""

import errno
import fcntl
import os
import socket
import termios
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click
import serial
from serial.tools import list_ports

from evencell.link.bus import BAUD_RATE

_REMEDIES = {
    errno.ENOENT: "there is no such port. Is the adapter plugged in? HERE",
    errno.EACCES: "you may not open it. Linux: sudo usermod -aG dialout $USER, then log out and in again",
    errno.EBUSY: "another program uses it. Close that one first (Linux: lsof PORT shows which)",
    errno.EAGAIN: "another program uses it. Close that one first (Linux: lsof PORT shows which)",
    errno.EISDIR: "this is a folder, not a serial port",
    errno.ENOTTY: "this is a file, not a serial port",
}
_NETWORK = {
    errno.ECONNREFUSED: "connection refused: nothing listens there",
    errno.EHOSTUNREACH: "no route to host",
    errno.ENETUNREACH: "no route to host",
}
_NO_ADDRESS = "this is not an address such as socket://192.168.1.20:4000"
_Base = serial.Serial if TYPE_CHECKING else object


class _LinkPort(_Base):
    """A port for the firmware's link; a USB adapter switches its transceiver by itself.

    Raises PortError when the port vanishes. A mix-in for the classes of pyserial.
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
    """A port of this computer, locked for other programs while it is open."""

    def open(self):
        super().open()
        assert self.fd is not None
        claim(self.fd)

    def close(self):
        if self.is_open and self.fd is not None:
            with suppress(OSError):  # the port is gone
                fcntl.ioctl(self.fd, termios.TIOCNXCL)
        super().close()


class PortError(click.ClickException):
    """An unusable port: one sentence, exit status 1."""

    exit_code = 1


def claim(fd: int):
    """Make the kernel refuse this port to every other program, even one that takes no lock (pyserial's `flock`).

    Not a pty: there it would outlive a killed program.
    """
    if not os.ttyname(fd).startswith("/dev/pts/"):
        fcntl.ioctl(fd, termios.TIOCEXCL)


def is_url(path: str) -> bool:
    """Whether it is a URL of pyserial (`socket://host:port`, `rfc2217://host:port`), not a local device."""
    return "://" in path


def open_port(path: str, baud: int = BAUD_RATE, timeout_s: float = 0) -> SerialPort:
    """Open `path` exclusively; reads wait for `timeout_s` at most. Raises PortError."""
    try:
        if is_url(path):
            return _open_url(path, baud, timeout_s)
        return SerialPort(path, baud, timeout=timeout_s, exclusive=True)
    except (OSError, ValueError, NotImplementedError, termios.error) as error:
        reason = _reason(error).replace("PORT", path).replace("HERE", list_ports_text())
        raise PortError(f"{path}: {reason.rstrip('.')}.") from None


def list_ports_text() -> str:
    """A sentence with the serial ports of this computer."""
    found = sorted(port.device for port in list_ports.comports())
    return f"Serial ports here: {', '.join(found)}" if found else "This computer has no serial port now"


def _open_url(url: str, baud: int, timeout_s: float) -> SerialPort:
    """Open a URL with pyserial's class for it, extended by `_LinkPort`."""
    template = serial.serial_for_url(url, do_not_open=True)
    kind: Any = type("UrlPort", (_LinkPort, type(template)), {})
    opened = kind(None, baud, timeout=timeout_s)
    opened.port = template.port
    opened.open()
    return opened


def network_reason(error: BaseException) -> str | None:
    """The reason of a failed connection in standard words; None for another error."""
    if isinstance(error, socket.gaierror):
        return "host not found"
    if isinstance(error, TimeoutError):
        return "timed out: no host answers there"
    return _NETWORK.get(getattr(error, "errno", None) or 0)


def _reason(error: Exception) -> str:
    """The reason why a port can't be opened, and the remedy."""
    cause = error.__context__ or error
    number = getattr(error, "errno", None) or getattr(cause, "errno", None) or (cause.args or [0])[0]
    reason = network_reason(cause) or _NETWORK.get(number)
    if reason:
        return reason
    return _REMEDIES.get(number, _NO_ADDRESS if isinstance(cause, (TypeError, ValueError)) else str(error))


def choose_port(found: list[str] | None = None) -> str:
    """The one USB serial port (of `found`, if given); raises PortError without one or with several."""
    if found is None:
        found = sorted(port.device for port in list_ports.comports() if port.vid is not None)
    if not found:
        raise PortError("No USB serial port is there. Is the board plugged in? Else name its port: PORT=/dev/ttyUSB0")
    if len(found) > 1:
        raise PortError(f"Which port is the board's? Say PORT= with one of {', '.join(found)}.")
    return found[0]
