"""A board that runs MicroPython, at the other end of a cable: its files and hashes, by way of mpremote."""

import io
import os
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import click
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from tools.build.common import FIRMWARE
from tools.cli.serial_port import is_url, open_port

BAUD = 115200
_SCRIPT = Path(__file__).with_name("script.py")
_STEPS = FIRMWARE / "evencell/update/slot_steps.py"  # the same as of an update over the air
_IMPORT = "from evencell.update.slot_steps import digest, make_folders\n"  # of the script
_ANSWER_WITHIN_S = 10
_ATTEMPTS = 8
_ATTEMPT_S = 1
_START_S = 30  # boot.py may hash a slot
_CHUNK_BYTES = 1024
_RESET = "import machine, time\ntime.sleep_ms(100)\nmachine.reset()"  # later than the answer that it was understood
_INTERRUPT_AND_RESTART = b"\r\x03\x03\r\x02\x04"


class DeployError(click.ClickException):
    """What stands in the way, in one sentence."""


class BrokenError(DeployError):
    """What the board received last is unknown."""


class Board:
    """A board whose firmware is interrupted as long as this is open, and starts again in the end.

    What goes wrong on the way becomes a DeployError.
    """

    def __init__(self, port: str):
        self._port = port
        self._transport = connect(port)
        self._serial: Any = self._transport.serial

    def __enter__(self):
        try:
            with self._sentences():
                self._interrupt()
        except BaseException:
            self._abandon()
            raise
        return self

    def __exit__(self, kind, *_):
        if kind is None or (issubclass(kind, DeployError) and kind is not BrokenError):
            self._restart()
        else:
            self._abandon()

    def _restart(self):
        """A reset, as hard as this port can do it: it ends the watchdog too."""
        try:
            hard = self.call("can_reset")
            with suppress(OSError, TransportError):  # with the chip goes a USB port of its own
                if hard:
                    self._transport.exec_raw_no_follow(_RESET)
                else:
                    self._transport.exit_raw_repl()
                    self._serial.write(b"\x04")
        finally:
            self._close()

    def _abandon(self):
        """Interrupt whatever runs, soft reset, and close the port."""
        with suppress(OSError):  # it may be gone
            self._serial.write(_INTERRUPT_AND_RESTART)
        self._close()

    def _close(self):
        with suppress(OSError):
            self._transport.close()
        self._serial.close()

    def call(self, function: str, *arguments) -> Any:
        """Call a function of tools/deploy/script.py or of the steps there; returns what it returned."""
        with self._sentences():
            return self._transport.eval(f"{function}({', '.join(map(repr, arguments))})")

    def files(self, folder: str) -> dict[str, tuple[int, str]]:
        """Path → size in bytes and hash, as they are on the flash."""
        with self._sentences():
            lines = self._transport.exec(f"list_files({folder!r})").decode().splitlines()
            entries = [line.split(" ", 2) for line in lines]
            return {path: (int(size), digest) for size, digest, path in entries}

    def parts(self, archive: str) -> dict[str, tuple[int, int]]:
        """Hash → where such a part of the archive begins, and its bytes."""
        with self._sentences():
            lines = self._transport.exec(f"list_parts({archive!r})").decode().splitlines()
            return {digest: (int(at), int(size)) for at, size, digest in map(str.split, lines)}

    def write(self, path: str, data: bytes, report=None):
        """Send a file; `report(bytes)` is called as it goes on."""
        self.call("prepare", path)
        done = 0

        def progress(written: int, _size: int):
            nonlocal done
            if report:
                report(written - done)
            done = written

        with self._sentences():
            self._transport.fs_writefile(path, data, _CHUNK_BYTES, progress)

    def remove(self, path: str):
        """Remove a file."""
        with self._sentences():
            self._transport.fs_rmfile(path)

    def _interrupt(self):
        """Stop the firmware, and start MicroPython anew without it: so all of its memory is free."""
        self._serial.timeout = _ATTEMPT_S
        with redirect_stdout(io.StringIO()):  # mpremote prints what it could not understand
            self._enter_raw_repl()
            self._transport.enter_raw_repl(soft_reset=True, timeout_overall=_START_S)
        self._serial.timeout = _ANSWER_WITHIN_S
        self._transport.exec(script())
        self._transport.eval("feed()")

    def _enter_raw_repl(self):
        """Ctrl-C until the prompt comes: a board that starts just now does not listen yet."""
        for _ in range(_ATTEMPTS):
            with suppress(TransportError):
                self._transport.enter_raw_repl(soft_reset=False, timeout_overall=_ATTEMPT_S)
                return
        raise DeployError(f"{self._port}: no MicroPython answers there. Is it the right port?")

    @contextmanager
    def _sentences(self):
        try:
            yield
        except TransportExecError as error:
            raise DeployError(f"{self._port}: {what_the_board_said(error)}") from None
        except (OSError, TransportError, ValueError, SyntaxError):
            raise BrokenError(
                f"{self._port}: the connection broke. Was the cable pulled? What runs on the board is still whole: "
                "plug it in and type the same again."
            ) from None


def script() -> str:
    """What runs on the board, whole."""
    text = _SCRIPT.read_text("utf-8")
    assert _IMPORT in text
    return text.replace(_IMPORT, _STEPS.read_text("utf-8"))


def connect(port: str) -> SerialTransport:
    """Open the port; raises PortError. mpremote says only that it could not, so it is tried again for the reason."""
    try:
        transport = SerialTransport(port if is_url(port) else os.path.realpath(port), BAUD, timeout=_ANSWER_WITHIN_S)
    except (TransportError, ValueError):
        open_port(port).close()
        raise DeployError(f"{port}: it could not be opened just now. Type the same again.") from None
    serial_port: Any = transport.serial
    if not port.startswith("rfc2217:"):  # pyserial has no such timeout there
        serial_port.write_timeout = _ANSWER_WITHIN_S
    return transport


def what_the_board_said(error: TransportExecError) -> str:
    """The last line of a traceback, with a remedy where there is one."""
    said = error.error_output.strip().splitlines()[-1]
    if "ENOSPC" in said or "OSError: 28" in said:
        return "its flash is full. Remove files of your own from it, or flash it anew: make flash"
    return f"the board said: {said}"
