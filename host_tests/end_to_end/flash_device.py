"""A device whose flash is a folder, started as a board starts it: what tests of starts, updates and restarts share."""

from host_tests.boot_flash import Flash
from host_tests.broker import free_port
from host_tests.end_to_end import web
from host_tests.end_to_end.process import Process


class FlashDevice:
    """The firmware on a flash, boot.py first. Each `run` ends the one before, as a power cut would."""

    def __init__(self, flash: Flash):
        self.flash = flash
        self.http_port = free_port()
        self._process: Process | None = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    @property
    def url(self) -> str:
        return f"http://{web.LOOPBACK}:{self.http_port}/"

    @property
    def http(self) -> dict:
        """Overrides of the configuration, for a port of its own."""
        return {"http": {"host": web.LOOPBACK, "port": self.http_port}}

    def run(self, command: list[str], options: dict, said: str | None):
        """Start it; returns once the log says this. None: at once."""
        self.kill()
        self._process = Process(command, options.pop("env"), **options)
        if said:
            self.wait_for_line(said)

    def kill(self):
        if self._process:
            self._process.kill()

    def wait(self) -> int:
        """Wait for its own end; returns the exit status."""
        return self._process.wait()

    def wait_for_line(self, part: str):
        self._process.lines.wait(lambda line: part in line, part)

    def log(self) -> str:
        return self._process.text()

    def get(self, path: str):
        return web.request(self.http_port, path).json()

    def status(self) -> dict:
        return self.get("/api/v1/status")
