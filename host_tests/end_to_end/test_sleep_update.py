"""A device that sleeps after an update: its wakes confirm it, or go back."""

import json

from boards.host import RESTART_STATUS
from evencell import __version__
from host_tests.end_to_end.asleep import Asleep, asleep

RUNS_IN_SLOT_B = "sys.path.insert(0, 'b')\n"


def update(device: Asleep, *held: str):
    """The device has just been updated: it runs slot b."""
    about = {"state": "confirming", "kind": "files", "version": __version__, "previous": "0.0.9", "slot": "b"}
    (device.sleeper.folder / "slot").write_text("b new")
    (device.sleeper.folder / "update.json").write_text(json.dumps({**about, "held": held, "reason": None}))
    device.run_before(RUNS_IN_SLOT_B)


def begin_silent(device: Asleep):
    """Start an update that had answers and a broker before, beside a balancer that answers nothing."""
    device.begin()
    update(device, "answer", "broker")
    device.balancer.is_silent = True
    device.start_again()


def state_of(device: Asleep) -> str:
    return json.loads((device.sleeper.folder / "update.json").read_text().partition("\n#")[0])["state"]


def test_update_is_confirmed_by_a_wake_that_reads_and_reports(tmp_path):
    with asleep(tmp_path) as device:
        begin_silent(device)
        assert (device.reports(), state_of(device)) == (2, "confirming")
        device.balancer.is_silent = False
        device.wake()  # reads, and has no report to send
        assert state_of(device) == "confirming"
        device.wake(cause="button")
        assert (device.state.trial, state_of(device)) == (0, "confirmed")
        assert ("update", "confirmed", f"evencell {__version__} is confirmed") in device.events()


def test_update_whose_balancer_does_not_answer_is_left(tmp_path):
    with asleep(tmp_path) as device:
        begin_silent(device)
        device.wake()
        ended = device.sleeper.wake()
        assert ended.status == RESTART_STATUS and "Traceback" not in ended.output
        assert (device.sleeper.folder / "slot").read_text() == "a fell-back: the balancer did not answer"
