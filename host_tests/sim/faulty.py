"""A simulated balancer with faults, without a line."""

from random import Random

from evencell.protocol.jk_balancer import read_request
from tools.sim.answers import SimulatedBalancer
from tools.sim.balancer import Balancer
from tools.sim.chemistry import CHEMISTRIES
from tools.sim.fault_answers import FaultyDevice
from tools.sim.faults import Faults
from tools.sim.pack import fixed_pack

CELLS_MV = (3301, 3352, 3299, 3300)


def balancer() -> Balancer:
    return Balancer(fixed_pack(CHEMISTRIES["lfp"], 20, CELLS_MV, Random(1)))


def faulty(*texts, device=None, seed=1, clock=lambda: 0.0) -> FaultyDevice:
    device = device or SimulatedBalancer(balancer(), 1, clock=lambda: 0.0)
    return FaultyDevice(device, Faults(texts, clock), Random(seed))


def answer(*texts) -> bytes:
    return faulty(*texts).answer(bytes(read_request(1)))
