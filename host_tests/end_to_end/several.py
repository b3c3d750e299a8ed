"""Several simulated balancers, on one bus or on several ports, with the firmware and a broker."""

import contextlib

from host_tests.broker import Broker
from host_tests.end_to_end.chain import EVERY_SECOND, Firmware, Simulator
from host_tests.needs import need_broker

CELLS_MV = {"front": [3301, 3302, 3299, 3300], "middle": [3281, 3280, 3280, 3279], "rear": [3321, 3320, 3319, 3320]}
CELLS = {name: ",".join(map(str, cells_mv)) for name, cells_mv in CELLS_MV.items()}


def config_of(*packs, **more) -> dict:
    return {**EVERY_SECOND, **more, "packs": list(packs)}


def bus_of(*names) -> list[str]:
    """Options of a simulated bus with these packs' balancers at the addresses 1, 2, …"""
    return [part for i, name in enumerate(names) for part in ("--address", str(i + 1), "--cells", CELLS[name])]


class Setup(contextlib.ExitStack):
    """Simulated lines (a list of options each), a broker and the firmware, whose n-th port is the n-th line."""

    def __init__(self, folder, config: dict, *lines):
        super().__init__()
        with contextlib.ExitStack() as started:
            self.lines = [started.enter_context(line_in(folder / f"line{i}", line)) for i, line in enumerate(lines)]
            need_broker()
            self.broker = started.enter_context(Broker())
            port, *more_ports = [line.link for line in self.lines]
            self.firmware = started.enter_context(
                Firmware(folder, port, config=config, mqtt=self.broker.port, more_ports=more_ports)
            )
            self.push(started.pop_all())

    def packs(self) -> dict:
        """The status of each pack, by its name."""
        return {status["pack"]: status for status in self.firmware.status()["packs"]}

    def wait_online(self, *names):
        for name in names:
            self.firmware.wait_for_line(f"{name}: link online")


def line_in(folder, options) -> Simulator:
    folder.mkdir()
    return Simulator(folder, *options)
