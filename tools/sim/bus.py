"""Several balancers on one line: each receives every request, and answers to its own address."""

from collections.abc import Sequence

from tools.sim.fault_answers import FaultyDevice


class Bus:
    """Balancers at different addresses. If a fault makes two of them answer at once, the first answer is sent."""

    def __init__(self, devices: Sequence[FaultyDevice]):
        self._devices = devices

    @property
    def address(self) -> int:
        """Address of the first one."""
        return self._devices[0].address

    def catch_up(self):
        """Advance the models of all balancers."""
        for device in self._devices:
            device.catch_up()

    def answer(self, request: bytes) -> bytes | None:
        """The first answer of a balancer, or None."""
        answers = [device.answer(request) for device in self._devices]
        return next(filter(None, answers), None)
