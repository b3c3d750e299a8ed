"""A real VictoriaMetrics on loopback, for the tests."""

import json
import subprocess
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from host_tests.broker import free_port
from host_tests.end_to_end.process import PATIENCE_S, until
from host_tests.needs import need_store


class Store:
    """`with Store() as store:` runs it at `store.port`; started again, it has the same port and what it had kept."""

    def __init__(self, *options: str):
        self._program = need_store()
        self.port = free_port()
        self._options = options
        self._process: subprocess.Popen | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="evencell-store-")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        self._folder.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        """Returns once it answers."""
        folder = Path(self._folder.name)
        places = (f"-httpListenAddr=127.0.0.1:{self.port}", f"-storageDataPath={folder / 'data'}")
        with open(folder / "log", "ab") as log:
            command = [self._program, *places, "-memory.allowedBytes=64MB", *self._options]
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        until(self._answers, f"VictoriaMetrics starts: {(folder / 'log').read_text()[-500:]}")

    def _answers(self) -> bool:
        try:
            self._get("/health")
        except urllib.error.HTTPError as error:
            return error.code == 401  # it wants a password
        return True

    def use(self, *options: str):
        """Take these options at the next start."""
        self._options = options

    def kill(self):
        """`kill -9`; nothing happens when it isn't running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def series(self) -> dict[tuple, dict[int, float]]:
        """Value by UNIX second, of each (name, device, pack) there is."""
        self._get("/internal/force_flush")
        found = {}
        for line in self._get("/api/v1/export?match[]={device!=%22%22}").splitlines():
            entry = json.loads(line)
            labels = entry["metric"]
            assert set(labels) <= {"__name__", "db", "device", "pack"}, labels
            times_s = [time_ms / 1000 for time_ms in entry["timestamps"]]
            found[labels["__name__"], labels["device"], labels["pack"]] = dict(
                zip(times_s, entry["values"], strict=True)
            )
        return found

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE_S) as answer:
            return answer.read()
