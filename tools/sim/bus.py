"""Several balancers on one line: each hears every request, and answers to its own address."""

from collections.abc import Sequence

from tools.sim.fault_answers import FaultyDevice


class Bus:
    """Balancers at different addresses. Where a fault makes two of them answer at once, the first is heard."""

    def __init__(self, devices: Sequence[FaultyDevice]):
        self._devices = devices

    @property
    def address(self) -> int:
        """Of the first of them."""
        return self._devices[0].address

    def catch_up(self):
        """All of them live on."""
        for device in self._devices:
            device.catch_up()

    def answer(self, request: bytes) -> bytes | None:
        """What comes back from whoever has something to say."""
        answers = [device.answer(request) for device in self._devices]
        return next(filter(None, answers), None)
