"""Storage that is full, read-only or damaged, at the start and while the firmware runs: live values go on, the page
answers, what is lost is counted, and it recovers. Each write failing in turn: storage/test_failing_writes.py."""

import json
import shutil
import signal
from pathlib import Path

import pytest

from host_tests.broker import Broker, free_port
from host_tests.end_to_end.chain import EVENCELL, FIXED, Firmware, Simulator
from host_tests.end_to_end.listener import Listener
from host_tests.end_to_end.process import Process, until
from host_tests.end_to_end.web import request
from host_tests.needs import need_broker
from host_tests.portable import ROOT
from tools.bench.backlog import write_replies
from tools.build.tree import build

FAULTY = "host_tests/faulty_storage.py"
# Every reading differs from the one before, so that each is due; as many as the line can carry.
BUSY = {"packs": [{"interval_ms": 50}], "mqtt": {"discovery": False, "keepalive_s": 5}, "display": {"driver": "none"}}


@pytest.fixture
def tree(tmp_path):
    """The built firmware on storage whose fault the test sets."""
    tree = shutil.copytree(build("host"), tmp_path / "tree")
    shutil.copy(Path(ROOT) / "host_tests/end_to_end/storage_board.py", tree / "board.py")
    (tree / "host_tests").mkdir()
    shutil.copy(Path(ROOT) / FAULTY, tree / FAULTY)
    return tree


class Scene:
    """A firmware whose broker comes and goes; `heard` is every (start, sequence) that reached the broker."""

    def __init__(self, folder: Path, firmware: Firmware, broker: Broker):
        self._fault = folder / "storage_fault"
        self.firmware, self.broker = firmware, broker
        self.heard: set[int] = set()
        self._listener: Listener | None = None

    def set_fault(self, fault: str):
        self._fault.with_suffix(".new").write_text(fault)
        self._fault.with_suffix(".new").rename(self._fault)

    def connect(self):
        """The broker is (back) there; returns once a state came live."""
        self.broker.start()
        self._listener = Listener(self.broker.port)
        since = self.sequence()
        self._listener.messages.wait(lambda message: state_of(message) > since, "a live state")

    def disconnect(self):
        self.note()
        self.broker.kill()
        assert self._listener
        self._listener.__exit__()
        self.firmware.wait_for_line("mqtt: ")

    def note(self):
        """Take down what was heard so far."""
        for message in self._listener.messages if self._listener else ():
            if message.topic.endswith("/state"):
                self.heard.add(message.json()["sequence"])
            elif message.topic.endswith("/backlog"):
                self.heard.update(status["sequence"] for status in message.json())

    def sequence(self) -> int:
        return self.firmware.pack()["sequence"]

    def device(self) -> dict:
        return self.firmware.status()["device"]

    def unheard(self, last: int) -> int:
        """How many of the readings up to this one did not reach the broker (yet)."""
        self.note()
        return last - len([number for number in self.heard if number <= last])


def state_of(message) -> int:
    return message.json()["sequence"] if message.topic.endswith("/state") else -1


def test_live_values_go_on_whatever_storage_does_and_what_is_lost_is_counted(tmp_path, tree):
    need_broker()
    write_replies(tmp_path / "replies.json")
    (tmp_path / "storage_fault").write_text("full")
    with Broker() as broker, Simulator(tmp_path, "--capture", tmp_path / "replies.json") as simulator:
        firmware = Firmware(tmp_path, simulator.link, config=BUSY, mqtt=broker.port, tree=tree)
        with firmware:
            scene = Scene(tmp_path, firmware, broker)
            broker.kill()
            firmware.wait_for_line("mqtt: ")
            assert "restarts" in firmware.get("/healthz").json()
            # Full from the start, and no sink takes the readings.
            until(lambda: scene.device()["journal"]["dropped"] > 0, "more than can be held")
            assert "no space left" in scene.device()["storage"]["problem"]
            # What the status says is lost is what never came.
            scene.connect()
            last = scene.sequence()
            until(lambda: scene.unheard(last) == scene.device()["journal"]["dropped"], "all that was held")
            scene.disconnect()
            scene.set_fault("")
            until(lambda: scene.device()["journal"]["bytes"] > 0, "readings on the flash")
            # Read-only while a backlog waits: it is sent, and live values go on.
            scene.set_fault("read-only")
            scene.connect()
            until(lambda: "read-only" in (scene.device()["storage"]["problem"] or ""), "a reason")
            last = scene.sequence()
            until(lambda: scene.unheard(last) <= scene.device()["journal"]["dropped"], "the backlog")
            assert firmware.get("/").status == 200
            assert not any(firmware.get("/healthz").json()["restarts"].values())
            dropped = scene.device()["journal"]["dropped"]
            scene.set_fault("")
            until(lambda: scene.device()["storage"]["problem"] is None, "storage works again")
            last = scene.sequence()
            until(lambda: scene.unheard(last) <= dropped, "nothing more is lost")
            assert firmware.log().count("storage: journal can't be written") <= 3


BAD = {
    "empty": b"",
    "zeros": bytes(99),
    "no text": b"\xff\xfe\x80" * 60,
    "another shape": b'{"display": 3, "wifi_off": [], "pack1": 3}',
    "half": b'{"a": ',
    "a number": b"99999999999999999999",
    "large": b"9" * 3_000_000,
    "a folder": None,
}
FILES = (
    *("learned.json", "crashes.json", "extremes.json", "journal_runs.json", "id", "boots", "slot", "claim", "rtc"),
    *("button", "button_2", "journal4/all/cursors", "journal4/all/0", "journal4/all/77777", "journal4/minutes"),
    *("journal4/hours/99999999999999999999", "history/pack1-4/day/cursors", "history/pack1-4/day/3", "journal24"),
    *("history/pack1-4/month", "history/pack1-99999999999999999999", "learned.json.new", "id.new", "rtc.new"),
)


def put_bad(folder: Path, content: bytes | None):
    """Put this in the place of every file of state, or a folder with a file in it."""
    for name in FILES:
        path = folder / name
        if path.parent.is_file():
            path.parent.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        if content is None:
            path.mkdir()
            (path / "x").write_bytes(b"x")
        else:
            path.write_bytes(content)


def test_damaged_files_of_state_stop_neither_the_start_nor_what_runs(tmp_path):
    config = {"mqtt": {"enabled": True, "host": "127.0.0.1", "port": 9}, "packs": [{"interval_ms": 100}]}
    with Simulator(tmp_path, *FIXED) as simulator, Firmware(tmp_path, simulator.link, config=config) as firmware:
        for what, content in BAD.items():
            put_bad(firmware.data, content)  # while it runs
            sequence = firmware.pack()["sequence"]
            until(lambda sequence=sequence: firmware.pack()["sequence"] > sequence, f"live values: {what}")
            assert firmware._process.stop(signal.SIGINT) == 0, firmware.log()
            put_bad(firmware.data, content)  # and at the start
            firmware.start()
            firmware.wait_for_line("link online")
            status = firmware.status()["device"]
            assert status["safe_mode"] is None and status["storage"]["set_aside"] > 0, what
            assert len(status["id"]) == 12 and status["id"] == firmware.id, what
            assert status["storage"]["problem"] is None, status
            assert firmware.get("/api/v1/history").status == 200
            assert firmware.get("/api/v1/crashes").json() == {"crashes": []}
            health = firmware.get("/healthz").json()
            assert health["ok"] and not any(health["restarts"].values()), (what, health)
        assert json.loads(firmware.get("/api/v1/status").body)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_cleanly_and_writes_the_history(tmp_path, number):
    with Simulator(tmp_path, *FIXED) as simulator:
        port = free_port()
        http = f"127.0.0.1:{port}"
        with Process(
            [EVENCELL, "run", "--port", simulator.link, "--http", http, "--data", tmp_path / "flash"]
        ) as process:
            until(lambda: request(port, "/api/v1/status").json()["packs"][0]["sequence"] >= 2, "two readings")
            assert process.stop(number) == 0
        assert (tmp_path / "flash/history/pack1-4/day/0").stat().st_size > 400


def test_a_clean_end_writes_the_history_that_has_grown(tmp_path):
    with Simulator(tmp_path, *FIXED) as simulator, Firmware(tmp_path, simulator.link) as firmware:
        until(lambda: firmware.pack()["sequence"] >= 2, "readings")
        assert firmware._process.stop(signal.SIGINT) == 0
        assert (firmware.data / "history/pack1-4/day/0").stat().st_size > 400
        firmware.start()
        firmware.wait_for_line("link online")
        assert len(firmware.get("/api/v1/history").json()["time"]) >= 1
