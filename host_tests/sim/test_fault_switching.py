"""Faults of the line itself, on a pty, and `evencell sim` switching them while it runs."""

import os
import subprocess
import termios
import time
import tty
from contextlib import closing

import pytest
from click.testing import CliRunner

from evencell.protocol.jk_balancer import ANSWER_BYTES, READ, REQUEST_BYTES, read_request, request
from host_tests.sim.faulty import CELLS_MV, answer, faulty
from host_tests.sim.helpers import LATENCY_S, PATIENCE_S, next_line, read_status, running, serving
from tools.sim.command import sim
from tools.sim.fault_answers import SWAPPED
from tools.sim.fault_commands import FaultCommands
from tools.sim.faults import FAULTS, Faults
from tools.sim.line import BYTE_S, Line
from tools.sim.uart import resampled

READ_REQUEST = bytes(read_request(1))
CELLS = ("--cells", ",".join(map(str, CELLS_MV)))


def serving_faults(*texts):
    """A line with these faults; those of the answer are the device's, the others its own."""
    return serving(faulty(*texts), LATENCY_S, Faults(texts))


def set_baud(fd, baud):
    attributes = termios.tcgetattr(fd)
    attributes[tty.ISPEED] = attributes[tty.OSPEED] = getattr(termios, f"B{baud}")
    termios.tcsetattr(fd, termios.TCSANOW, attributes)


def test_echo_comes_before_the_answer():
    with serving_faults("echo") as master:
        for asked in (READ_REQUEST, bytes(request(1, READ, 0))):
            master.write(asked)
            assert master.read(REQUEST_BYTES + ANSWER_BYTES) == asked + answer()


@pytest.mark.parametrize("others", [["silent"], ["address:7"]])
def test_echo_comes_without_an_answer_too(others):
    with serving_faults("echo", *others) as master:
        for sent in (READ_REQUEST, b"\x4e\x57\x00", READ_REQUEST):
            master.write(sent)
            assert master.read(len(sent)) == sent


def test_late_answers_are_delayed():
    with serving_faults("late:100") as master:
        start_s = time.monotonic()
        master.write(READ_REQUEST)
        assert master.read(ANSWER_BYTES) == answer()
    assert time.monotonic() - start_s >= (REQUEST_BYTES + ANSWER_BYTES) * BYTE_S + LATENCY_S + 0.1 - 1e-4


def test_late_answer_comes_during_the_next_request():
    with closing(Line(faulty(), LATENCY_S, Faults(["late:1500", "echo"]))) as line:
        now_s = time.monotonic()
        for poll in range(2):
            line._receive(READ_REQUEST, now_s + poll)
        starts_s = [start_s - now_s for start_s, _ in line._pending]
        assert [len(data) for _, data in line._pending] == [REQUEST_BYTES] * 2 + [ANSWER_BYTES] * 2
        assert starts_s == pytest.approx([0, 1, 1.52 + REQUEST_BYTES * BYTE_S, 2.52 + REQUEST_BYTES * BYTE_S])


def test_answers_are_in_time_again_while_late_ones_still_wait():
    faults = Faults(["late:30000"])
    with closing(Line(faulty(), LATENCY_S, faults)) as line:
        now_s = time.monotonic()
        line._receive(READ_REQUEST, now_s)
        faults.switch_off("late")
        line._receive(READ_REQUEST, now_s + 1)
        assert line._pending[0][0] - now_s == pytest.approx(1 + LATENCY_S + REQUEST_BYTES * BYTE_S)


def test_wrong_rate_gives_garbage_and_the_right_one_answers():
    garbage = resampled(answer(), 19200, 9600)
    with serving_faults("wrong_baud") as master:
        for baud, expected in [(9600, garbage), (19200, answer()), (9600, garbage)]:
            set_baud(master.fd, baud)
            master.write(READ_REQUEST)
            assert master.read(len(expected)) == expected
        assert master.nothing_is_left()


def test_any_byte_at_a_wrong_rate_gets_garbage():
    garbage = resampled(faulty("address:7").answer(bytes(read_request(7))), 4800, 9600)
    with serving_faults("wrong_baud:4800", "address:7") as master:
        for sent in (b"\x00", b"\xff" * 7, READ_REQUEST):
            master.write(sent)
            assert master.read(len(garbage)) == garbage


def test_one_burst_in_pieces_gets_one_answer():
    with closing(Line(faulty(), LATENCY_S, Faults(["wrong_baud", "echo"]))) as line:
        now_s = time.monotonic()
        for at in range(REQUEST_BYTES):
            line._receive(READ_REQUEST[at : at + 1], now_s + 2 * at * BYTE_S)
        assert sum(len(data) > 1 for _, data in line._pending) == 1


@pytest.mark.parametrize("texts", [["silent"], ["swapped", "silent"], ["noise:1", "silent"]])
def test_silent_balancer_stays_silent_at_a_wrong_rate(texts):
    with closing(Line(faulty(*texts), LATENCY_S, Faults(["wrong_baud", *texts]))) as line:
        line._receive(READ_REQUEST, time.monotonic())
        assert line._pending == []


class Commands:
    """Commands over a pipe, without a process."""

    def __init__(self, *texts, addresses=()):
        self.answers = []
        self.faults = Faults(texts, addresses=addresses)
        read_fd, self.fd = os.pipe()
        self.listener = FaultCommands(self.faults, read_fd, self.answers.append)

    def say(self, data: bytes) -> list[str]:
        """What is answered to these bytes."""
        self.answers.clear()
        os.write(self.fd, data)
        self.listener.read()
        return list(self.answers)


def test_each_command_switches_and_gets_a_line():
    commands = Commands("echo")
    assert commands.say(b"?\n") == ["faults echo"]
    assert commands.say(b"+noise:0.3\n") == ["faults noise:0.3 echo"]
    assert commands.say(b"+noise:0.5\n-echo\r\n") == ["faults noise:0.5 echo", "faults noise:0.5"]
    assert commands.say(b"-echo\n\n") == ["faults noise:0.5"]
    assert commands.say(b"-noise:0.5\n+wrong_baud\n") == ["faults none", "faults wrong_baud:19200"]


def test_fault_of_one_balancer_is_switched_alone():
    commands = Commands(addresses=(1, 2))
    first, second = commands.faults.at(1), commands.faults.at(2)
    assert commands.say(b"+silent@2\n+noise:0.1\n+noise:0.5@1\n")[-1] == "faults noise:0.1 noise:0.5@1 silent@2"
    assert ("silent" in first, "silent" in second) == (False, True)
    assert (first.number("noise"), second.number("noise")) == (0.5, 0.1)
    assert commands.say(b"-noise@1\n") == ["faults noise:0.1 silent@2"]
    assert commands.say(b"-silent\n") == ["faults noise:0.1"]
    assert commands.say(b"+silent@3\n-silent@3\n") == 2 * ["no balancer is at address 3: see --address"]


def test_command_may_come_in_pieces_and_end_with_the_input():
    commands = Commands()
    assert commands.say(b"+sil") == []
    assert commands.say(b"ent\n?") == ["faults silent"]
    os.close(commands.fd)
    commands.listener.read()
    assert commands.answers == ["faults silent", "faults silent"]
    assert commands.listener.fds == []


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"+noize:0.1", "no fault is called 'noize': did you mean noise?"),
        (b"-noize", "no fault is called 'noize': did you mean noise?"),
        (b"+noise:2", "'noise:2': P is a number from 0 to 1, as in noise:0.3"),
        (b"+", "no fault is called ''"),
        (b"noise:0.3", "'noise:0.3' is no command: +NAME[:ARG] switches a fault on, -NAME off, ? lists them"),
        (b"\xff\xfe", "is no command"),
        (b"x" * 3000, "too long"),
    ],
)
def test_wrong_commands_get_one_sentence_and_change_nothing(line, sentence):
    commands = Commands("echo")
    (said,) = commands.say(line) or commands.say(b"\n")
    assert sentence in said or "is no command" in said
    assert commands.say(b"\n?\n")[-1] == "faults echo"


def test_running_simulator_is_switched(tmp_path):
    link = tmp_path / "balancer"
    with running(link, *CELLS, "--fault", "wire_off:2", stdin=subprocess.PIPE) as process:

        def told(command):
            process.stdin.write(command + "\n")
            process.stdin.flush()
            return next_line(process)

        assert told("?") == "faults wire_off:2"
        assert list(read_status(link).cells_mv)[:4] == [3301, 0, 3299, 3300]
        assert told("+overvoltage") == "faults wire_off:2 overvoltage"
        assert read_status(link).alarms_raw == 5
        assert told("-wire_of") == "no fault is called 'wire_of': did you mean wire_off?"
        assert told("-wire_off") == "faults overvoltage"
        process.stdin.close()
        assert read_status(link).cells_detected == 4
        assert read_status(link).alarms_raw == 4


@pytest.mark.parametrize("redirection", ["</dev/null", "<&-"])
def test_simulator_needs_no_standard_input(tmp_path, redirection):
    link = tmp_path / "balancer"
    shell = ["sh", "-c", f'exec "$0" "$@" {redirection}']
    with running(link, *CELLS, prefix=shell) as process:
        for _ in range(3):
            assert read_status(link).cells_detected == 4
        process.terminate()
        assert process.wait(PATIENCE_S) == 0


def test_line_and_answer_have_the_same_faults(tmp_path):
    link = tmp_path / "balancer"
    with running(link, "--fault", "swapped", "--fault", "echo"):
        fd = os.open(link, os.O_RDWR | os.O_NOCTTY)
        os.write(fd, READ_REQUEST)
        data = b""
        while len(data) < REQUEST_BYTES + len(SWAPPED):
            data += os.read(fd, 100)
        os.close(fd)
    assert data == READ_REQUEST + SWAPPED


def test_list_explains_every_fault():
    result = CliRunner().invoke(sim, ["--fault", "list"])
    assert result.exit_code == 0
    words = " ".join(result.output.split())
    for fault in FAULTS:
        assert f"{fault.usage} {fault.explanation} -> {', '.join(fault.leads_to)}" in words


@pytest.mark.parametrize(
    ("text", "sentence"), [("noize:0.1", "did you mean noise?"), ("noise:2", "P is a number"), ("silent:1", "argument")]
)
def test_wrong_fault_gets_a_sentence_and_status_2(tmp_path, text, sentence):
    link = tmp_path / "balancer"
    result = CliRunner().invoke(sim, ["--link", str(link), "--fault", "echo", "--fault", text])
    assert result.exit_code == 2
    assert "--fault: " in result.output
    assert sentence in result.output
    assert len(result.output.splitlines()) == 1
    assert not link.exists()
