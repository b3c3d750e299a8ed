"""A balancer behind a serial port of another computer."""

import json

import pytest

from host_tests.deploy.bridge import Bridge
from host_tests.end_to_end.chain import FIXED, FIXED_MV, Simulator
from host_tests.end_to_end.command import evencell


@pytest.mark.parametrize("rfc2217", [False, True], ids=["socket", "rfc2217"])
def test_reading_is_received_over_the_network(tmp_path, rfc2217):
    with Simulator(tmp_path, *FIXED) as simulator, Bridge(str(simulator.link), rfc2217) as bridge:
        result = evencell("read", "--port", bridge.url, "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["cells_mv"] == FIXED_MV
