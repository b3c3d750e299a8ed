"""`evencell keygen`: a key that signs updates, and the lines of config.json that make a device accept it."""

import json
from pathlib import Path

import click

from evencell.config.kinds import accepts
from tools.update import keys

_MAX_NAME = 32


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--bits", type=click.Choice(["2048", "3072", "4096"]), default=str(keys.USUAL_BITS), show_default=True)
@click.option("--name", default="owner", show_default=True, help="Of the key, on the device's list.")
@click.option("--public", is_flag=True, help="Make none: print the lines of the key that is in FILE.")
def keygen(file, bits, name, public):
    """Make a key in FILE that signs updates; print its public half."""
    if not accepts("text", name, 1, _MAX_NAME):
        raise click.UsageError(f"--name: a text of 1 to {_MAX_NAME} characters.")
    path = file or keys.DEFAULT_FILE
    if public:
        key = keys.load_public(path)
    else:
        made = keys.generate(int(bits))
        made.save(path)
        key = made.public
        click.echo(f"The private key {key.id} is in {path}, readable by you alone. Keep a copy elsewhere:", err=True)
        click.echo("without it a device takes no more of your updates before it gets another key.", err=True)
    click.echo("Add this line to config.json, or paste it into a key on the page, under Settings, Updates:", err=True)
    click.echo(json.dumps({"update": {"keys": [key.entry(name)]}}))
