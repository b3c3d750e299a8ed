"""The command `evencell`."""

import errno
import importlib
import signal

import click

from evencell import __version__

# Name → module and function; a module is imported when its command is called.
COMMANDS = {
    "backup": ("tools.cli.backup", "backup"),
    "boards": ("tools.cli.boards", "boards"),
    "capture": ("tools.cli.capture", "capture"),
    "console": ("tools.cli.console", "console"),
    "decode": ("tools.cli.decode", "decode"),
    "diagnose": ("tools.cli.diagnose", "diagnose"),
    "energy": ("tools.energy.command", "energy_command"),
    "fleet": ("tools.fleet.command", "fleet"),
    "keygen": ("tools.update.keygen", "keygen"),
    "password": ("tools.cli.password", "password"),
    "read": ("tools.cli.read", "read"),
    "restore": ("tools.cli.backup", "restore"),
    "run": ("tools.cli.run", "run"),
    "screens": ("tools.screens.command", "screens"),
    "set": ("tools.cli.set", "set_setting"),
    "sim": ("tools.sim.command", "sim"),
    "traceback": ("tools.cli.traceback", "traceback"),
    "update": ("tools.update.command", "update"),
    "watch": ("tools.cli.watch", "watch"),
}

_ENDED_BY_SIGINT = 128 + signal.SIGINT


class _Commands(click.Group):
    """Starts fast: what one command needs takes no time of another's."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, function = COMMANDS[cmd_name]
        return getattr(importlib.import_module(module), function)

    def invoke(self, ctx: click.Context):
        """One line for Ctrl-C before a command has its result, with the exit status of a program that SIGINT ended; one
        for an input that ends at a prompt, which click takes for Ctrl-C; and one for a disk that is full.
        """
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort) as error:
            if isinstance(error.__context__, EOFError):  # of a prompt
                click.echo("\nError: The input ended before everything was answered: run this in a terminal.", err=True)
                ctx.exit(1)
            click.echo("\nEnded by Ctrl-C.", err=True)
            ctx.exit(_ENDED_BY_SIGINT)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise click.ClickException(f"What this prints or writes is not whole: {error.strerror}.") from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main():
    """Firmware and tools for an ESP32 beside a Jikong active balancer.

    evencell is not a BMS. It disconnects nothing.
    """
