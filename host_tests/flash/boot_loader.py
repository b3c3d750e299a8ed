"""A chip that waits in its boot loader: esp32-mock-bootloader behind a socket or a pty, with a flash of any size.

It answers as Espressif's protocol has it, with and without esptool's stub. What it can't show: baud rates, the reset
lines, USB-JTAG, and how long a real flash takes. A write does not erase here, so what was not written keeps its bytes.
"""

import socket
import threading
from contextlib import suppress

from esp32_mock_bootloader import protocol, registers
from esp32_mock_bootloader.server import BootloaderConnection, FlashImage, PtyMasterTransport, handle_client
from esptool.targets import CHIP_DEFS

_PSRAM_CODES = {8: 1, 2: 2}  # in an ESP32-S3's eFuses (esptool, targets/esp32s3.py)
UNTOUCHED = 0xA5  # what the flash holds before
_SIZE_CODES = {2: 0x15, 4: 0x16, 8: 0x17, 16: 0x18}  # third byte of a flash chip's JEDEC ID: 2 to the power of it


class BootLoader:
    """`with BootLoader("esp32", 4) as there:` makes `there.url`, a port, and `there.path`, a pty, lead to one chip.

    `flash` is all it holds, `received` and `sent` count bytes. `psram_mb`: PSRAM inside an ESP32-S3. `cut_after(n)`:
    the connection breaks as soon as n more bytes came, and is dead until `mend()`.
    """

    def __init__(self, chip: str, flash_mb: int, psram_mb: int = 0):
        self._chip, self._flash_mb, self._psram_mb = chip, flash_mb, psram_mb
        self._stop = threading.Event()
        self._cut_at = None
        self.received = self.sent = 0
        self._threads = []

    def __enter__(self):
        self._before = protocol.FLASH_MOCK_SIZE, protocol.MOCK_FLASH_ID
        protocol.FLASH_MOCK_SIZE = self._flash_mb << 20
        protocol.MOCK_FLASH_ID = _SIZE_CODES[self._flash_mb] << 16 | 0x4020
        self._image = FlashImage()
        self._image.data[:] = bytes([UNTOUCHED]) * len(self._image.data)
        if self._psram_mb:
            word = CHIP_DEFS[self._chip].EFUSE_BLOCK1_ADDR + 16
            registers.rom_profile(self._chip)[word] = _PSRAM_CODES[self._psram_mb] << 3
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._pty = PtyMasterTransport.create()
        self.path = self._pty.client_path
        for serve in (self._serve_sockets, self._serve_pty):
            self._threads.append(threading.Thread(target=serve))
            self._threads[-1].start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()
        self._pty.close()
        registers.rom_profile.cache_clear()
        protocol.FLASH_MOCK_SIZE, protocol.MOCK_FLASH_ID = self._before

    @property
    def flash(self) -> bytearray:
        return self._image.data

    def cut_after(self, count: int):
        self._cut_at = count

    def mend(self):
        self._cut_at = None

    def _serve_sockets(self):
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._talk(sock=connection)

    def _serve_pty(self):
        while not self._stop.is_set():
            self._talk(pty=self._pty)

    def _talk(self, **transport):
        connection = Connection(self, self._stop, **transport)
        handle_client(connection, self._stop, self._chip, flash=self._image, exit_on_disconnect=True)

    def arriving(self, data: bytes) -> bytes:
        """What of the data still arrives; nothing is the end of the connection."""
        if self._cut_at is not None:
            data = data[: self._cut_at]
            self._cut_at -= len(data)
        self.received += len(data)
        return data


class Connection(BootloaderConnection):
    """The mock's own gives up an exchange after 50 ms, which a busy computer needs for a pause."""

    def __init__(self, boot_loader: BootLoader, stop: threading.Event, **transport):
        super().__init__(**transport)
        self._boot_loader, self._stop = boot_loader, stop

    def recv(self, size: int) -> bytes:
        """Wait for as long as it takes."""
        while not self._stop.is_set():
            with suppress(TimeoutError):
                data = super().recv(size)
                if self._sock is not None and hasattr(socket, "TCP_QUICKACK"):  # esptool waits for each small packet
                    self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                return self._boot_loader.arriving(data)
        return b""

    def sendall(self, data: bytes):
        self._boot_loader.sent += len(data)
        super().sendall(data)
