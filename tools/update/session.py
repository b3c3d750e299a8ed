"""A command's connection to a device: its address, and the login to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from tools.cli.run import has_terminal
from tools.update.device import Device, DeviceError, LoginNeededError, UnreachableError, host_and_port

_TOKEN_VARIABLE = "EVENCELL_TOKEN"


def checked_host(_context, _parameter, value: str) -> str:
    """The address as it was given; raises a usage error where it is none."""
    try:
        host_and_port(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return value


def _checked_token(_context, _parameter, value: str | None) -> str | None:
    """The token without blanks around it, as a file that it was read from may have; raises a usage error."""
    token = value.strip() if value else value
    if token and not (token.isascii() and token.isprintable()):
        raise click.BadParameter("this is no token: `POST /api/v1/tokens` makes one of 48 letters and digits")
    return token


host_argument = click.argument("host", callback=checked_host)
token_option = click.option(
    "--token",
    callback=_checked_token,
    envvar=_TOKEN_VARIABLE,
    show_envvar=True,
    help="Token of the device; without one the password is asked for. The variable keeps it out of the process list.",
)


class Session:
    """A device, and the login to it: asked for once, and only where there is no token."""

    def __init__(self, device: Device, has_token: bool):
        self.device = device
        self._has_token = has_token
        self._password = ""

    def get(self, path: str) -> dict | None:
        """What Device.get gives, after a login where it needs one."""
        return self._with_login(lambda: self.device.get(path))

    def log_in(self):
        """Log in unless that is done; raises DeviceError."""
        if not self._has_token and not self._password:
            if not has_terminal():
                raise DeviceError(
                    f"There is no terminal to ask for the password at: set {_TOKEN_VARIABLE}, or --token."
                )
            self._password = click.prompt(f"Password of {self.device.name}", hide_input=True, err=True)
            self.device.log_in(self._password)

    def log_in_again(self):
        """After a restart, which ended the session; raises LoginNeededError where the token is refused."""
        if self._has_token:
            raise LoginNeededError("the token is not valid any more.")
        if self._password:
            self.device.log_in(self._password)
        else:
            self.log_in()

    def log_out(self):
        """End the session, where there is one."""
        if self._password:
            self.device.log_out()

    def _with_login(self, action: Callable):
        try:
            return action()
        except LoginNeededError:
            if self._has_token:
                raise
            self.log_in()
            return action()


@contextmanager
def connected(host: str, token: str | None) -> Iterator[Session]:
    """A session for the commands within; it is logged out at the end. What fails becomes a DeviceError."""
    session = Session(Device(host, token or None), bool(token))
    try:
        yield session
    except LoginNeededError as error:
        raise DeviceError(f"{host}: {error.args[0]}") from None
    except UnreachableError as error:
        raise DeviceError(f"{host}: {error.args[0]}. Is it on, and in this network?") from None
    finally:
        session.log_out()
