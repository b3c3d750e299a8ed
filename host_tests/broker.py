"""A real mosquitto on loopback, for the tests."""

import getpass
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tools.dev.broker import mosquitto

MISSING = "mosquitto is not installed: apt-get install mosquitto"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    """`with Broker("allow_anonymous true") as broker:` runs mosquitto with these configuration lines at `broker.port`.

    `start` returns once the broker accepts connections; the port stays the same when it is started again. `folder` is
    its own, for password files and what a persistent broker keeps; `log()` is what it printed.
    """

    host = "127.0.0.1"

    def __init__(self, *options: str, start_timeout_s: float = 30):
        self.port = free_port()
        self._options = options or ("allow_anonymous true",)
        self._start_timeout_s = start_timeout_s
        self._shell: list[str] = []
        self._process: subprocess.Popen | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="evencell-broker-")
        self.folder = Path(self._folder.name)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self._folder.cleanup()
            raise
        return self

    def __exit__(self, *_):
        self.kill()
        self._folder.cleanup()

    def use(self, *options: str):
        """Take these configuration lines at the next start."""
        self._options = options

    def fill_disk(self):
        """From the next start on it can write nothing into any file, its log neither."""
        self._shell = ["sh", "-c", 'trap "" XFSZ; ulimit -f 0; exec "$@"', "sh"]

    def start(self):
        """Start (again) on the same port; RuntimeError with the broker's own words when it doesn't come up."""
        program = mosquitto()
        if program is None:
            raise FileNotFoundError(MISSING)
        # Started by root it would become another user, who may not read a temporary folder.
        lines = [f"listener {self.port} {self.host}", f"user {getpass.getuser()}", *self._options]
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        command = [*self._shell, program, "-v", "-c", "mosquitto.conf"]
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT)
        self._wait_until_it_accepts()

    def _wait_until_it_accepts(self):
        deadline = time.monotonic() + self._start_timeout_s
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection((self.host, self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.01)
        self.kill()
        raise RuntimeError(f"mosquitto did not start:\n{self.log()}")

    def kill(self):
        """`kill -9`; nothing happens when it isn't running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self):
        """Stop answering, without a word to anyone: the connections stay open."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")
