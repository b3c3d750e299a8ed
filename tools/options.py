"""Options that several commands share."""

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
