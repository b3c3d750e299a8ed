"""A device that sleeps after an update: its wakes confirm it, or go back; the broker has the outcome."""

import json

from boards.host import RESTART_STATUS
from evencell import __version__
from host_tests.end_to_end.asleep import Asleep, asleep
from host_tests.end_to_end.test_sleep_home_assistant import House

RUNS_IN_SLOT_A = "sys.path.insert(0, 'a')\n"
RUNS_IN_SLOT_B = "sys.path.insert(0, 'b')\n"
WITHIN = "within 3 tries "  # of power/trial.py


def update(device: Asleep, *held: str, **changed):
    """The device has just been updated: it runs slot b."""
    about = {"state": "confirming", "kind": "files", "version": __version__, "previous": "0.0.9", "slot": "b"}
    (device.sleeper.folder / "slot").write_text("b new")
    (device.sleeper.folder / "update.json").write_text(json.dumps({**about, "held": held, "reason": None, **changed}))
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


def test_update_that_was_rolled_back_reaches_the_broker_once_over_an_outage_and_a_power_cut(tmp_path):
    reason = f"evencell 9.9.9 was not kept: within 3 tries the balancer did not answer; {__version__} runs again"
    left = {"version": "9.9.9", "previous": __version__, "reason": "the balancer did not answer", "within": WITHIN}
    with asleep(tmp_path, packs=[{"temperature_scale": "0.1"}]) as device, House(device.broker) as house:
        device.begin()
        update(device, "answer", **left)
        (device.sleeper.folder / "slot").write_text("a fell-back: the balancer did not answer")
        device.run_before(RUNS_IN_SLOT_A)
        device.broker.kill()
        device.start_again()
        assert state_of(device) == "rolled_back"
        device.sleeper.lose_power()
        device.start_broker()
        device.start_again("power")
        device.wake(2, cause="button")
        assert device.events().count(("update", "rolled_back", reason)) == 1
        assert json.loads(house.kept()["update"])["release_summary"] == reason
