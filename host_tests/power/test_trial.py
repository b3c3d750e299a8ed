"""An update on a device that sleeps: what confirms it, and what takes it back."""

import json
import sys
from types import SimpleNamespace

import pytest

from evencell import __version__
from evencell.pack.low_level import RADIO_OFF
from evencell.power import trial
from evencell.power.state import TRIAL_RUNS, WakeState
from evencell.storage.faults import StorageFaults
from evencell.update import conditions
from host_tests.fakes import FakeClock, FakeLog
from host_tests.power.packs import ReadPack, state_of

UPDATE = {"state": "confirming", "kind": "files", "version": "9.9.9", "previous": __version__, "slot": "b"}


class Restarted(Exception):
    """The board restarts."""


class Device:
    """A device that runs slot `b`, an update before which `held` held; it has one pack."""

    def __init__(self, folder, monkeypatch, held, **update):
        monkeypatch.setattr(sys, "path", ["b", *sys.path])
        self.folder, self.events, self.firmware = folder, [], None
        (folder / "slot").write_text("b new")
        (folder / "boots").write_text("1 1 b")
        (folder / "update.json").write_text(json.dumps({**UPDATE, "held": held, "reason": None, **update}))
        self.log = FakeLog()
        self.log.error = self.log.warning
        board = SimpleNamespace(
            storage=str(folder),
            firmware=lambda: self.firmware,
            reset_cause=lambda: "reset",
            restart=self._restart,
            gc_heap=lambda: (0, 0),
            network_heap=lambda: None,
        )
        clock = FakeClock()
        self.context = SimpleNamespace(
            board=board,
            clock=clock,
            finish=lambda: None,
            hub=SimpleNamespace(post=lambda *event: self.events.append(event)),
            log=self.log,
            storage_faults=StorageFaults(clock, self.log),
            update=None,
        )
        self.state = state_of(ReadPack())
        self.state.failed_reports = 2
        wake = SimpleNamespace(state=self.state, save=lambda: None, board=board, clock=clock)
        self.session = SimpleNamespace(context=self.context, wake=wake)

    def _restart(self):
        raise Restarted

    def begin(self):
        trial.begin(self.context, self.state)
        return self

    def wake(self, answers=True, reports=None):
        """A wake, in which the balancer answers or not, and which reports, fails to, or has none to send (None)."""
        (pack,) = self.state.packs
        pack.misses = 0 if answers else pack.misses + 1
        if reports:
            self.state.failed_reports = 0
            if self.state.trial:
                trial.connected(self.session)
            if self.state.trial:
                trial.reported(self.session)
        elif reports is False:
            self.state.failed_reports += 1
        if self.state.trial & TRIAL_RUNS:
            trial.end(self.session)
        return self

    @property
    def update(self) -> dict:
        return json.loads((self.folder / "update.json").read_text().partition("\n#")[0])

    @property
    def slot(self) -> str:
        return (self.folder / "slot").read_text()


@pytest.fixture
def device(tmp_path, monkeypatch):
    return lambda *held, **update: Device(tmp_path, monkeypatch, list(held), **update)


@pytest.mark.parametrize(
    ("held", "wakes"),
    [
        (("answer", "broker"), [(True, True)]),
        (("answer", "page", "broker"), [(False, True), (True, False), (True, None), (True, True)]),
        (("answer",), [(False, None), (False, False), (True, False)]),
        (("broker",), [(False, False), (False, False), (False, True)]),
        ((), [(False, False)]),
    ],
)
def test_update_is_confirmed_by_the_first_wake_in_which_all_that_held_holds(device, held, wakes):
    sleeping = device(*held).begin()
    for answers, reports in wakes:
        assert sleeping.update["state"] == "confirming"
        sleeping.wake(answers, reports)
    assert (sleeping.update["state"], sleeping.state.trial & TRIAL_RUNS) == ("confirmed", 0)
    sleeping.wake(reports=True)
    assert [event[2] for event in sleeping.events] == ["confirmed"]
    assert (sleeping.update["is_reported"], sleeping.state.trial) == (True, 0)


@pytest.mark.parametrize(
    ("held", "answers", "reports", "reason"),
    [
        (("answer", "broker"), False, True, "the balancer did not answer"),
        (("answer", "broker"), True, False, "the broker did not connect"),
        (("answer", "broker"), False, False, "the balancer did not answer, the broker did not connect"),
        (("answer",), False, None, "the balancer did not answer"),
    ],
)
def test_update_is_left_after_three_tries(device, monkeypatch, held, answers, reports, reason):
    """The version before then says why."""
    sleeping = device(*held).begin()
    sleeping.wake(answers, reports).wake(answers, reports)
    with pytest.raises(Restarted):
        sleeping.wake(answers, reports)
    assert sleeping.slot == f"a fell-back: {reason}"
    assert not (sleeping.folder / "boots").exists()
    monkeypatch.setattr(sys, "path", ["a", *sys.path[1:]])
    sleeping.begin()
    why = f"evencell 9.9.9 was not kept: within 3 tries {reason}; {__version__} runs again"
    assert (sleeping.update["state"], sleeping.update["reason"]) == ("rolled_back", why)
    assert not sleeping.state.trial & TRIAL_RUNS


def left(sleeping, monkeypatch) -> Device:
    """The start after an update whose wakes ended early: the version before runs."""
    with pytest.raises(Restarted):
        trial.ended_early(sleeping.begin().session.wake)
    monkeypatch.setattr(sys, "path", ["a", *sys.path[1:]])
    return sleeping.begin()


LEFT = (
    "update",
    None,
    "rolled_back",
    f"evencell 9.9.9 was not kept: within 3 tries it ended early; {__version__} runs again",
)


def test_rolled_back_update_is_reported_once(device, monkeypatch):
    sleeping = left(device("answer"), monkeypatch)
    sleeping.wake().wake(reports=False)
    assert sleeping.events == []
    sleeping.wake(reports=True).wake(reports=True).begin().wake(reports=True)
    assert sleeping.events == [LEFT]
    assert sleeping.state.trial == 0


def test_rolled_back_update_is_reported_although_the_power_is_cut_before_and_in_the_report(device, monkeypatch):
    sleeping = left(device("answer"), monkeypatch)
    sleeping.begin()  # RTC memory was lost
    trial.connected(sleeping.session)
    assert sleeping.events == [LEFT]
    sleeping.begin().wake(reports=True).begin().wake(reports=True)  # the broker had not acknowledged it
    assert sleeping.events == [LEFT, LEFT]


def test_rolled_back_update_has_the_first_wake_report(device, monkeypatch):
    """What failed before was the other version."""
    sleeping = left(device("answer"), monkeypatch)
    assert (sleeping.state.failed_reports, sleeping.state.report_due_s) == (0, 0)


def test_outcome_waits_for_nothing_without_reports(device, monkeypatch):
    sleeping = device("answer")
    sleeping.state.report_s = 0
    assert left(sleeping, monkeypatch).state.trial == 0


def test_update_whose_wakes_end_early_is_left(device):
    sleeping = device("answer").begin()
    with pytest.raises(Restarted):
        trial.ended_early(sleeping.session.wake)
    assert sleeping.slot == "a fell-back: it ended early"


def test_failures_of_the_version_before_do_not_count(device):
    sleeping = device("answer", "broker").begin()
    assert (sleeping.state.failed_reports, sleeping.state.report_due_s) == (0, 0)  # the first wake reports


def test_broker_is_not_asked_for_while_the_radio_is_off(device):
    sleeping = device("answer", "broker").begin()
    sleeping.state.level = RADIO_OFF
    assert sleeping.wake().update["state"] == "confirmed"


def test_flash_that_can_t_be_written_lets_the_next_wake_try_again(device):
    sleeping = device("answer").begin()
    for path in ("slot", "slot.new"):
        (sleeping.folder / path).unlink(missing_ok=True)
        (sleeping.folder / path).mkdir()
    for _ in range(4):
        sleeping.wake(answers=False)
    assert sleeping.state.trial


class Firmware:
    """Partitions; `calls` of its boot loader."""

    running, other = "ota_1", "ota_0"

    def __init__(self):
        self.calls = []

    def confirm(self):
        self.calls.append("confirm")

    def activate(self):
        self.calls.append("activate")


def test_boot_loader_has_the_image_confirmed_before_a_sleep_and_starts_the_other_one_by_name(device, monkeypatch):
    """It would take the first sleep for an early end."""
    sleeping = device("answer", kind="firmware", slot="ota_1")
    monkeypatch.setattr(sys, "path", [".frozen", *sys.path])
    sleeping.firmware = Firmware()
    sleeping.begin()
    assert sleeping.firmware.calls == ["confirm"]
    sleeping.wake(answers=False).wake(answers=False)
    with pytest.raises(Restarted):
        sleeping.wake(answers=False)
    assert sleeping.firmware.calls == ["confirm", "activate"]


@pytest.mark.parametrize(("failed", "due_s", "reported"), [(0, 900, True), (1, 900, False), (0, 0, False)])
def test_broker_held_where_the_last_report_reached_it(failed, due_s, reported):
    state = state_of(ReadPack())
    state.failed_reports, state.report_due_s = failed, due_s
    state.save()
    board = SimpleNamespace(rtc_memory=lambda: SimpleNamespace(buffer=state._buffer))
    assert trial.has_reported(board) is reported


@pytest.mark.parametrize("size", [0, 1024, 2048])
def test_memory_without_a_state_has_reported_nothing(size):
    board = SimpleNamespace(rtc_memory=lambda: SimpleNamespace(buffer=bytearray(size)))
    assert trial.has_reported(board) is False
    assert WakeState(bytearray(2048)).load() is False


@pytest.mark.parametrize("reported", [True, False, None])
def test_upload_notes_whether_the_device_has_reported(reported):
    """MQTT is none of the parts that run while it is awake."""
    context = SimpleNamespace(profile="awake", mqtt=None, key_values={"reported": reported})
    with pytest.raises(StopIteration) as ended:
        conditions._holds(context, "broker").send(None)
    assert ended.value.value is (reported is True)
