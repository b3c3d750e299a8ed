"""Options that several commands share."""

from pathlib import Path

import click

from evencell.pack.temperature import SCALES

port_option = click.option("--port", required=True, metavar="PATH", help="Serial port or pty, such as /dev/ttyUSB0.")
address_option = click.option(
    "--address", type=click.IntRange(0, 255), default=1, show_default=True, help="On the bus."
)
scale_option = click.option(
    "--temperature-scale",
    type=click.Choice(list(SCALES)),
    default="auto",
    show_default=True,
    help="Degrees per count; auto believes only what is certain.",
)

# Of what `make` calls.
board_option = click.option("--board", default="", help="One of `evencell boards`.")
profile_option = click.option(
    "--profile", help="full, display or telemetry; without it, what the board has memory for."
)
config_option = click.option("--config", type=click.Path(path_type=Path), help="Becomes the device's config.json.")
firmware_option = click.option("--firmware", type=click.Path(path_type=Path), help="A MicroPython for this chip.")
force_option = click.option("--force", is_flag=True, help="Even what does not fit into the memory together.")
device_port_option = click.option("--port", help="The device's serial port; needed where there are several.")
