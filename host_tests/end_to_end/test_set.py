"""`evencell set` against simulated balancers: what is set in the end, and what is said about it."""

import json
from pathlib import Path

import pytest

from evencell.protocol.jk_balancer import ANSWER_BYTES, READ, REQUEST_BYTES
from host_tests.end_to_end.chain import EVENCELL, FIXED, Simulator
from host_tests.end_to_end.command import assert_one_sentence, evencell
from host_tests.end_to_end.faulty_line import FaultyLine, Terminal
from host_tests.sim.faulty import balancer
from tools.sim.answers import SimulatedBalancer
from tools.sim.faults import FAULTS

MOST_TRIES = 20  # of a command that may fail on a noisy line, and then says so


@pytest.fixture
def simulator(tmp_path):
    with Simulator(tmp_path, *FIXED) as simulator:
        yield simulator


def set_on(simulator, *arguments):
    return evencell("set", "--yes", "--port", simulator.link, *arguments)


def value_of(simulator, name: str):
    return json.loads(evencell("read", "--port", simulator.link, "--json").stdout)[name]


@pytest.mark.parametrize(
    ("name", "value", "field", "active", "sentence"),
    [
        ("trigger_mv", "10", "trigger_mv", 10, "trigger_mv was 5 and is 10 now."),
        ("max_balance_ma", "300", "max_balance_ma", 300, "max_balance_ma was 2000 and is 300 now."),
        ("balancing_enabled", "off", "balancing_enabled", False, "balancing_enabled was on and is off now."),
    ],
)
def test_setting_is_written_and_both_values_are_printed(simulator, name, value, field, active, sentence):
    result = set_on(simulator, name, value)
    assert (result.returncode, result.stdout, result.stderr) == (0, sentence + "\n", "")
    assert value_of(simulator, field) == active


def test_cell_count_of_a_larger_balancer(tmp_path):
    with Simulator(tmp_path, "--cells", ",".join(["3300"] * 8)) as simulator:
        result = set_on(simulator, "--model", "jk_b2a24s", "cell_count", "7")
        assert result.stdout == "cell_count was 8 and is 7 now.\n"
        assert result.stderr == "Warning: cell_count 7: the balancer detects 8 cells.\n"
        assert value_of(simulator, "cells_configured") == 7


def test_value_that_is_set_already_is_not_written(simulator):
    simulator.switch("+refuse_writes")
    result = set_on(simulator, "trigger_mv", "5")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "trigger_mv is 5 already; nothing was written.\n"


@pytest.mark.parametrize("fault", ["wire_off:2", "wire_resistance"])
def test_no_switching_on_unless_the_owner_insists(simulator, fault):
    assert set_on(simulator, "balancing_enabled", "off").returncode == 0
    simulator.switch("+" + fault)
    result = set_on(simulator, "balancing_enabled", "on")
    assert_one_sentence(result)
    assert "should stay off" in result.stderr and "--force" in result.stderr
    assert value_of(simulator, "balancing_enabled") is False
    result = set_on(simulator, "--force", "balancing_enabled", "on")
    assert result.returncode == 0
    assert result.stderr.startswith("Warning: Balancing should stay off")
    assert value_of(simulator, "balancing_enabled") is True


def test_no_switching_on_beyond_the_limits_of_the_chemistry(simulator):
    assert set_on(simulator, "balancing_enabled", "off").returncode == 0
    result = set_on(simulator, "--chemistry", "lto", "balancing_enabled", "on")
    assert_one_sentence(result)
    assert "cell 1 has 3301 mV" in result.stderr
    assert set_on(simulator, "--chemistry", "lfp", "balancing_enabled", "on").returncode == 0


def test_switching_off_is_never_refused(simulator):
    simulator.switch("+wire_off:2")
    assert set_on(simulator, "balancing_enabled", "off").stdout == "balancing_enabled was on and is off now.\n"


@pytest.mark.parametrize("options", [[], ["--force"]])
def test_value_out_of_range_is_never_sent(options):
    """The port isn't even opened."""
    result = evencell("set", "--port", "/dev/null", *options, "max_balance_ma", "299")
    assert_one_sentence(result)
    assert "300 to 2000" in result.stderr


def test_warning_does_not_stop_the_write(simulator):
    result = set_on(simulator, "trigger_mv", "4")
    assert (result.returncode, result.stdout) == (0, "trigger_mv was 5 and is 4 now.\n")
    assert "accuracy" in result.stderr
    result = set_on(simulator, "--capacity-ah", "2", "max_balance_ma", "300")
    assert (result.returncode, result.stdout) == (0, "max_balance_ma was 2000 and is 300 now.\n")
    assert "0.1 C of 2 Ah" in result.stderr


def test_without_a_terminal_only_yes_writes(simulator):
    result = evencell("set", "--port", simulator.link, "trigger_mv", "10")
    assert_one_sentence(result)
    assert "--yes" in result.stderr
    assert value_of(simulator, "trigger_mv") == 5


@pytest.mark.parametrize(("key", "status", "active"), [(b"y\r", 0, 10), (b"n\r", 1, 5), (b"\r", 1, 5)])
def test_on_a_terminal_it_asks_before_it_writes(simulator, key, status, active):
    with Terminal([EVENCELL, "set", "--port", simulator.link, "trigger_mv", "10"]) as terminal:
        terminal.wait_for("Set trigger_mv from 5 to 10")
        terminal.press(key)
        terminal.wait_for("is 10 now" if active == 10 else "Nothing was written.")
        assert terminal.wait() == status
    assert value_of(simulator, "trigger_mv") == active


def wait_until_asleep(pid: int):
    """Until the process waits for its terminal: a signal just before that would not end the system call."""
    while Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "S":
        pass


@pytest.mark.parametrize("key", [b"\x03", b"\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_first_ctrl_c_at_the_question_ends_it(simulator, key):
    with Terminal([EVENCELL, "set", "--port", simulator.link, "trigger_mv", "10"]) as terminal:
        terminal.wait_for("[y/N]")
        wait_until_asleep(terminal.pid)
        terminal.press(key)
        terminal.wait_for("Nothing was written.")
        assert terminal.wait() == 1
        assert "Traceback" not in terminal.screen()
    assert value_of(simulator, "trigger_mv") == 5


def test_first_reading_survives_lost_answers():
    lost = dict.fromkeys(range(2), lambda _answer: b"")
    with FaultyLine(Counting(lost)) as line:
        result = evencell("set", "--yes", "--port", line.path, "trigger_mv", "10")
    assert result.stdout == "trigger_mv was 5 and is 10 now.\n", result


def test_rules_are_checked_again_after_the_question(simulator):
    """A cell came off meanwhile: what counts is a reading after the answer."""
    assert set_on(simulator, "balancing_enabled", "off").returncode == 0
    with Terminal([EVENCELL, "set", "--port", simulator.link, "balancing_enabled", "on"]) as terminal:
        terminal.wait_for("Set balancing_enabled from off to on")
        simulator.switch("+wire_off:2")
        terminal.press(b"y\r")
        terminal.wait_for("should stay off")
        assert terminal.wait() == 1
    assert value_of(simulator, "balancing_enabled") is False


FOUND_BY_SET = [fault for fault in FAULTS if any(word.startswith("set ") for word in fault.leads_to)]


@pytest.mark.parametrize("fault", FOUND_BY_SET, ids=lambda fault: fault.name)
def test_fault_of_writes_is_named_and_ends(simulator, fault):
    simulator.switch("+" + fault.example)
    result = set_on(simulator, "trigger_mv", "10")
    assert_one_sentence(result)
    verdict = next(word.removeprefix("set ") for word in fault.leads_to if word.startswith("set "))
    assert f"Error: {verdict} (" in result.stderr
    assert "keeps 5" in result.stderr
    assert value_of(simulator, "trigger_mv") == 5
    simulator.switch("-" + fault.name)
    assert set_on(simulator, "trigger_mv", "10").returncode == 0


@pytest.mark.parametrize("fault", ["echo", "late:400"])
def test_setting_is_written_with_echo_and_late_answers(simulator, fault):
    simulator.switch("+" + fault)
    result = set_on(simulator, "trigger_mv", "10")
    assert (result.returncode, result.stdout) == (0, "trigger_mv was 5 and is 10 now.\n"), result


@pytest.mark.parametrize("fault", ["noise:0.5", "drop:0.5", "burst:0.5"])
def test_noisy_line_never_gives_a_wrong_result(simulator, fault):
    """It may have to give up, and then says so; what it says to be set is set."""
    simulator.switch("+" + fault)
    for _ in range(MOST_TRIES):
        result = set_on(simulator, "trigger_mv", "10")
        if result.returncode == 0:
            break
        assert_one_sentence(result)
    simulator.switch("-" + fault.split(":")[0])
    assert result.returncode == 0
    assert value_of(simulator, "trigger_mv") == 10


@pytest.mark.parametrize("fault", ["silent", "swapped", "address:7"])
def test_nothing_is_written_without_a_reading(simulator, fault):
    simulator.switch("+" + fault)
    result = set_on(simulator, "--force", "trigger_mv", "10")
    assert_one_sentence(result)
    assert "Nothing was written" in result.stderr
    simulator.switch("-" + fault.split(":")[0])
    assert value_of(simulator, "trigger_mv") == 5


class Counting:
    """The far end of a line: a simulated balancer of which the answers to writes don't all come back whole."""

    def __init__(self, changes: dict):
        self.device = SimulatedBalancer(balancer(), 1)
        self.commands = []
        self._changes = changes

    def __call__(self, send, heard):
        if len(heard) == REQUEST_BYTES:
            number = len(self.commands)
            self.commands.append(heard[3])
            send(self._changes.get(number, bytes)(self.device.answer(heard)))

    @property
    def writes(self) -> int:
        return sum(command != READ for command in self.commands)


def test_lost_answer_is_read_back_and_not_written_again():
    """The third request is the write: the first reading needs two answers that agree."""
    for lost in (lambda _answer: b"", lambda answer: answer[: ANSWER_BYTES - 1] + b"\x00"):
        talk = Counting({2: lost})
        with FaultyLine(talk) as line:
            result = evencell("set", "--yes", "--port", line.path, "trigger_mv", "10")
        assert result.stdout == "trigger_mv was 5 and is 10 now.\n", result
        assert talk.writes == 1


def test_silence_after_the_write_is_reported_as_unknown():
    talk = Counting(dict.fromkeys(range(2, 20), lambda _answer: b""))
    with FaultyLine(talk) as line:
        result = evencell("set", "--yes", "--port", line.path, "trigger_mv", "10")
    assert_one_sentence(result)
    assert "is not known" in result.stderr
    assert talk.writes == 1


@pytest.mark.parametrize(
    "arguments",
    ["trigger_mv", "trigger_mv ten", "trigger 10", "balancing_enabled 2", "trigger_mv 1 2", "trigger_mv=10"],
)
def test_wrong_usage_has_status_2(arguments):
    result = evencell("set", "--port", "/dev/null", *arguments.split())
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr
