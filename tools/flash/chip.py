"""A chip in its boot loader, by way of esptool: what it is, and what its flash holds. Nothing is written here."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click
import serial
from esptool import FatalError
from esptool.cmds import attach_flash, connect_esp, detect_flash_size, reset_chip, run_stub
from esptool.logger import log
from esptool.util import flash_size_bytes

BAUD = 460800
# Size in MB → kind, of the PSRAM inside an ESP32-S3. Source: Espressif's data sheet of the chip, "Comparison".
_S3_PSRAM = {2: "quad", 8: "octal", 16: "octal"}
_PSRAM_SIZE = re.compile(r"Embedded PSRAM (\d+)MB")
# What esptool and pyserial say when bytes stop to come.
_BROKEN = re.compile(
    "serial exception|disconnected|readiness to read|Input/output error|stream stopped|No more data|stopped responding"
)


class FlashError(click.ClickException):
    """What stands in the way, in one sentence."""


class Chip:
    """`flash_bytes`, `mac` as 12 digits, and `psram`: quad, octal, none, or None where the chip does not say."""

    def __init__(self, loader, psram: str | None, mac: str):
        self._loader = loader
        self.psram = psram
        self.mac = mac
        self.flash_bytes = flash_size_bytes(detect_flash_size(loader)) or 0
        if not self.flash_bytes:
            raise FatalError("The chip does not say how large its flash is. Press its reset button and try again.")

    def read(self, address: int, size: int) -> bytes:
        """So many bytes of the flash."""
        return self._loader.read_flash(address, size)


@contextmanager
def boot_loader(port: str, chip: str, stub: bool = True) -> Iterator[Chip]:
    """The chip at the port, which is started again in the end. What goes wrong is a FlashError that names the port."""
    log.set_verbosity("silent")
    loader: Any = None
    try:
        loader = connect_esp(port, chip)
        psram = psram_in(chip, loader.get_chip_features())
        mac = "".join(f"{part:02x}" for part in loader.read_mac("BASE_MAC"))
        if stub:
            loader = run_stub(loader)
        loader.change_baud(BAUD)
        attach_flash(loader)
        yield Chip(loader, psram, mac)
    except FlashError as error:
        raise FlashError(f"{port}: {error}") from None
    except (FatalError, serial.SerialException, OSError) as error:
        raise FlashError(f"{port}: {remedy(str(error))}") from None
    finally:
        if loader is not None:
            with suppress(FatalError, serial.SerialException, OSError):
                reset_chip(loader)
            loader._port.close()


def psram_in(chip: str, features: list[str]) -> str | None:
    """What esptool's list of features says: an ESP32-S3 names the PSRAM inside it, a module's own is never seen."""
    if chip != "esp32s3":
        return None
    found = _PSRAM_SIZE.search(", ".join(features))
    return _S3_PSRAM.get(int(found.group(1))) if found else "none"


def was_reached(said: str) -> bool:
    """Whether esptool's error came after the chip had answered: only then anything can have been written."""
    return not any(words in said for words in ("Failed to connect", "Could not open", "This chip is"))


def remedy(said: str) -> str:
    """What esptool's error means, in one sentence."""
    if found := re.search(r"This chip is ([^,]+), not ([^.]+)\.", said):
        return f"the chip there is an {found.group(1)}, and the board has an {found.group(2)}. Nothing was written."
    if "Failed to connect" in said:
        return "no chip answers. Hold its BOOT button, press RESET, let BOOT go, and try again."
    if "Could not open" in said:
        return "it is gone, or another program uses it. Close that one, plug the board in and try again."
    if _BROKEN.search(said):
        return "the connection to the chip broke. Plug it in and type the same again."
    if "start stub flasher" in said:
        return "esptool's stub does not start on the chip. NO_STUB=1 does without it, slower."
    errors = [line for line in said.splitlines() if "rror" in line]
    return f"esptool said: {errors[0] if errors else said.strip()[-200:]} Flashing again may begin anew at any time."
