"""`evencell update`: a signed image to a device, over the network."""

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click

from tools.cli.progress_bar import progress_bar
from tools.cli.run import has_terminal
from tools.update import image as images
from tools.update import keys, watch
from tools.update.device import Device, DeviceError, LoginNeededError, UnreachableError, host_and_port
from tools.update.image import Image, ImageError

_TOKEN_VARIABLE = "EVENCELL_TOKEN"
MADE_BY = {images.FILES: "make build", images.FIRMWARE: "make firmware"}


def checked_host(_context, _parameter, value: str) -> str:
    """The address as it was given; raises a usage error where it is none."""
    try:
        host_and_port(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return value


@click.command()
@click.argument("host", callback=checked_host)
@click.argument("image", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Private key that signs the image; for one that is not signed also without this option: {keys.DEFAULT_FILE}.",
)
@click.option("--downgrade", is_flag=True, help="Even to an older version.")
@click.option(
    "--token",
    envvar=_TOKEN_VARIABLE,
    show_envvar=True,
    help="Token of the device; without one the password is asked for. The variable keeps it out of the process list.",
)
def update(host, image, key, downgrade, token):
    """Send a signed update, IMAGE, to the device at HOST."""
    signed = signed_image(image, key)
    session = Session(Device(host, token or None), bool(token))
    try:
        check(session.device, session.get(watch.STATUS_PATH), session.get(watch.PATH), signed.about, downgrade)
        session.log_in()
        answer = send(session.device, signed, downgrade)
        version, slot = signed.about["version"], answer.get("slot", "?")
        click.echo(watch.follow(session.device, version, slot, session.log_in_again))
    except LoginNeededError as error:
        raise DeviceError(f"{host}: {error.args[0]}") from None
    except UnreachableError as error:
        raise DeviceError(f"{host}: {error.args[0]}. Is it on, and in this network?") from None
    finally:
        session.log_out()


def signed_image(path: Path, key: Path | None) -> Image:
    """The image in the file, signed; raises ImageError or keys.KeyFileError."""
    image = images.read(path)
    if image.key and key is None:
        return image
    private = keys.chosen(key)
    if private is None:
        raise ImageError(f"{path} is not signed. `evencell keygen` makes a key, and --key FILE names one.")
    return image.signed(private)


def check(device: Device, status: dict | None, update: dict | None, about: dict, downgrade: bool):
    """Raise DeviceError where the device would refuse the image anyway, or has no updates over the air."""

    def refuse(text: str) -> NoReturn:
        raise DeviceError(f"{device.name} {text}")

    if not status or "device" not in status:
        refuse("is no evencell device: it has no status.")
    if update is None:
        refuse("runs a version without updates over the air: bring a newer one by USB, with make deploy or make flash.")
    there = status["device"]
    if there["board"] != about["board"]:
        refuse(f"is the board {there['board']}, and the image is for {about['board']}.")
    kind = update.get("kind")
    if kind in MADE_BY and kind != about["kind"]:
        refuse(f"takes what `{MADE_BY[kind]}` makes, and this image is from `{MADE_BY[about['kind']]}`.")
    if images.version_of(about["version"]) < images.version_of(there["firmware"]) and not downgrade:
        refuse(f"runs {there['firmware']}, and the image is the older {about['version']}: --downgrade sends it.")


def send(device: Device, image: Image, downgrade: bool) -> dict:
    """Upload the image; returns the device's answer. Raises what Device.upload raises, but for a lost connection."""
    content = image.encode()
    sent = 0
    with progress_bar(device.name) as report:
        report(more=len(content))

        def count(size: int):
            nonlocal sent
            sent += size
            report(sent=size)

        try:
            return device.upload(f"{watch.PATH}?downgrade={int(downgrade)}", content, count)
        except UnreachableError as error:
            raise DeviceError(
                f"{device.name}: {error.args[0]} after {sent} of {len(content)} bytes. It runs what it ran before; "
                "type the same again."
            ) from None


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
