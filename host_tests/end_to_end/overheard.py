"""A device at a broker where everything is heard, from its first word on."""

import contextlib
from pathlib import Path

from host_tests.broker import Broker
from host_tests.end_to_end.chain import Firmware, Simulator
from host_tests.end_to_end.listener import Listener
from host_tests.needs import need_broker


class Overheard(contextlib.ExitStack):
    """Simulator, broker, a listener to everything, and then the firmware. `more` is what `Firmware` takes besides."""

    def __init__(self, folder: Path, *options, config: dict, **more):
        super().__init__()
        need_broker()
        with contextlib.ExitStack() as started:
            self.simulator = started.enter_context(Simulator(folder, *options))
            self.broker = started.enter_context(Broker())
            self.listener = started.enter_context(Listener(self.broker.port, "#"))
            firmware = Firmware(folder, self.simulator.link, config=config, mqtt=self.broker.port, **more)
            self.firmware = started.enter_context(firmware)
            self.wait_until_ready()
            self.push(started.pop_all())

    def wait_until_ready(self):
        """For what the tests begin with; here the start is what they look at."""
