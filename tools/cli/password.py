"""`evencell password`: the line of config.json that lets a password log in."""

import getpass
import json
import warnings

import click

from evencell.forward.http.password_rule import fault_of
from tools.dev.login import password_hash, random_password


@click.command()
@click.option("--random", is_flag=True, help="Make a random one, and print it once.")
def password(random):
    """Print the lines of config.json that set a password for the page."""
    if random:
        chosen = random_password()
        click.echo(f"Password: {chosen}", err=True)
    else:
        warnings.simplefilter("ignore", getpass.GetPassWarning)  # it names a line of Python's own, not what to do
        chosen = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        fault = fault_of(chosen)
        if fault:
            raise click.UsageError(f"{fault}.")
    click.echo("Add this line to config.json:", err=True)
    click.echo(json.dumps({"auth": {"password_hash": password_hash(chosen)}}))
