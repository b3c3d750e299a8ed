"""`evencell set` at a pty: every setting to every outcome, as from the other sources (sim/test_write_matrix.py).

The command itself, in this process: a process for each would take a second of the processor.
"""

import pytest
from click.testing import CliRunner

from evencell.protocol.jk_balancer import REQUEST_BYTES
from host_tests.end_to_end.faulty_line import FaultyLine
from host_tests.sim.test_write_matrix import MODEL, OUTCOMES, SWITCH, VALUES, Line, expected
from tools.cli.set import set_setting


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("setting", VALUES)
def test_each_outcome_of_the_command_is_distinguished(setting, outcome):
    balancer = Line(setting, outcome)
    _result, sentence, writes, requested, end = expected(setting, outcome)

    def talk(send, heard: bytes):
        if len(heard) == REQUEST_BYTES:
            send(balancer.answer(heard) or b"")

    value = ("off", "on")[requested] if setting == SWITCH else str(requested)
    with FaultyLine(talk) as line:
        done = CliRunner().invoke(set_setting, ["--port", line.path, "--model", MODEL, "--yes", setting, value])
    assert balancer.writes == writes
    assert balancer.balancer.settings[setting] == end
    if sentence is None:
        assert (done.exit_code, done.output.count("\n")) == (0, 1), done.output
        assert f"and is {value} now." in done.output
    else:
        assert done.exit_code == 1, done.output
        assert done.output.startswith("Error: ") and sentence in done.output
