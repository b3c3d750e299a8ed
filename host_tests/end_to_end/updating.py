"""A device with two slots that takes updates: MicroPython's unix port as a board starts it, boot.py first."""

import json
import socket
from contextlib import contextmanager
from pathlib import Path

from boards.host import SETTINGS_VARIABLE
from host_tests.boot_flash import Flash
from host_tests.end_to_end import web
from host_tests.end_to_end.door import CONFIG, Client
from host_tests.end_to_end.flash_device import FlashDevice
from host_tests.update.signing import key
from tools.build.slots import Release, contents_of, manifest
from tools.dev.device import command, environment
from tools.update.image import Image, of_files

PATH = "/api/v1/update"
VERSION = "99.1.0"
OWNER = {"update": {"keys": [key("owner").public.entry("owner")]}}
HEAP = "420k"  # so small that lazy modules are unloaded, as on a chip without PSRAM
_HEAD = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n"
    "Cookie: {cookie}\r\nContent-Length: {length}\r\n\r\n"
)


class Device(FlashDevice):
    """With keys and a login. Each `start` is a restart for another reason than the power."""

    def __init__(self, folder: Path, port="none", config: dict | None = None, mqtt: int | None = None):
        super().__init__(Flash(folder / "flash"))
        self.flash.write("config.json", json.dumps({**CONFIG, **OWNER, **(config or {})}))
        self.flash.write("slot", "a")
        self._port = str(port)
        self._mqtt = mqtt

    def start(self, said: str | None = "page at", cause: str = "reset"):
        """Returns once the log says this; None: at once."""
        mqtt = {"mqtt": {"enabled": True, "host": web.LOOPBACK, "port": self._mqtt}} if self._mqtt else {}
        interpreter, *rest = self.command()
        self.run([interpreter, "-X", f"heapsize={HEAP}", *rest], self.options(cause, {**self.http, **mqtt}), said)

    def command(self) -> list[str]:
        return self.flash.command()

    def options(self, cause: str, overrides: dict) -> dict:
        return self.flash.options(cause, self._port, overrides)

    def client(self) -> Client:
        return Client.logged_in(self.http_port)

    def slot(self, name: str) -> dict[str, bytes]:
        return contents_of(self.flash.path / name)


class OwnFirmware(Device):
    """The same on evencell's own firmware: files stand for its application partitions."""

    def __init__(self, folder: Path):
        self.partitions = folder / "partitions"
        super().__init__(folder)

    def command(self) -> list[str]:
        return command()

    def options(self, cause: str, overrides: dict) -> dict:
        given = environment("none", self.flash.path, overrides=overrides)
        settings = {**json.loads(given[SETTINGS_VARIABLE]), "firmware": str(self.partitions), "reset_cause": cause}
        return {"env": {**given, SETTINGS_VARIABLE: json.dumps(settings)}}

    def otadata(self) -> dict:
        return json.loads((self.partitions / "otadata").read_text())


def version_of(files: dict[str, bytes], version: str = VERSION, **changed: bytes) -> Release:
    """A slot's files as another version; `changed`: files of `evencell/` with other sources."""
    sources = {"__init__": f'__version__ = "{version}"\n'.encode(), **changed}
    kept = {path: content for path, content in files.items() if path != "manifest.json"}
    for name, source in sources.items():
        del kept[f"evencell/{name}.mpy"]
        kept[f"evencell/{name}.py"] = source
    kept = dict(sorted(kept.items()))
    return Release("host", "host", version, {**kept, "manifest.json": manifest("host", version, kept)}, {})


def small_image(files: dict[str, bytes] | None = None, version: str = VERSION) -> Image:
    """An image of few files, which no device could run: `files` and one more."""
    files = {**(files or {"board.py": b"1\n"}), "evencell/app.mpy": b"M\x06\x00\x1f" + 3000 * b"x"}
    return of_files(
        Release("host", "host", version, {**files, "manifest.json": manifest("host", version, files)}, {}),
        "0123456789ab",
    )


def signed(image: Image) -> bytes:
    return image.signed(key("owner")).encode()


def send(client: Client, content: bytes, query: str = "") -> web.Answer:
    return client.send("POST", PATH + query, content, Content_Type="application/octet-stream")


@contextmanager
def begun(client: Client, content: bytes, length: int | None = None, query: str = ""):
    """A connection on which this much of an image of `length` bytes was sent."""
    head = _HEAD.format(path=PATH + query, cookie=client.cookie, length=len(content) if length is None else length)
    with web.connect(client.port, head.encode() + content) as connection:
        yield connection


def status_of(connection: socket.socket) -> int:
    """The status of the answer on this connection; 0 where none came."""
    answer = web.rest_of(connection)
    return int(answer.split(b" ")[1]) if answer else 0
