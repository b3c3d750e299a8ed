"""Options of several commands."""

import math
from pathlib import Path

import click

from evencell.pack.temperature import SCALES


def named_port(_context, _parameter, value):
    """Strip the port's name, or several; raises a usage error if one is empty."""
    if isinstance(value, tuple):
        return tuple(named_port(_context, _parameter, one) for one in value)
    if not value.strip():
        raise click.BadParameter("it is empty; name the port, such as /dev/ttyUSB0")
    return value.strip()


port_option = click.option(
    "--port",
    required=True,
    metavar="PATH",
    callback=named_port,
    help="Serial port or pty, such as /dev/ttyUSB0. It is locked meanwhile.",
)


class FiniteRange(click.FloatRange):
    """A range of finite numbers: `FloatRange` accepts nan, and infinity without an upper end."""

    def convert(self, value, param, ctx) -> float:
        """The number; raises a usage error if it is none, or not finite."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


address_option = click.option(
    "--address", type=click.IntRange(0, 255), default=1, show_default=True, help="On the bus."
)
scale_option = click.option(
    "--temperature-scale",
    type=click.Choice(list(SCALES)),
    default="auto",
    show_default=True,
    help="Degrees per count; auto accepts only what is certain.",
)

# Options of the programs that `make` calls.
board_option = click.option("--board", default="", help="One of `evencell boards`.")
profile_option = click.option(
    "--profile", help="full, display or telemetry; without it, what the board has memory for."
)
config_option = click.option("--config", type=click.Path(path_type=Path), help="Becomes the device's config.json.")
firmware_option = click.option("--firmware", type=click.Path(path_type=Path), help="A MicroPython for this chip.")
force_option = click.option("--force", is_flag=True, help="Even what does not fit into the memory together.")
device_port_option = click.option("--port", help="The device's serial port; needed where there are several.")
