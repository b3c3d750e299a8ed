"""`evencell backup` and `evencell restore`: a device's configuration to a file, and back."""

from pathlib import Path

import click

from evencell.forward.http.password_rule import fault_of
from tools.cli import backup_file
from tools.cli.backup_file import BackupError
from tools.cli.progress_bar import waiting
from tools.cli.run import has_terminal
from tools.update.session import connected, host_argument, token_option

_BACKUP, _RESTORE, _RESTART = "/api/v1/backup", "/api/v1/restore", "/api/v1/restart"
_file_argument = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
_passphrase_option = click.option(
    "--passphrase-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File whose first line is the passphrase; without it, the passphrase is asked for.",
)


@click.command()
@host_argument
@_file_argument
@_passphrase_option
@click.option("--without-secrets", is_flag=True, help="Without Wi-Fi passwords and the like, and not encrypted.")
@token_option
def backup(host, file, passphrase_file, without_secrets, token):
    """Back up the configuration of a device, encrypted.

    FILE gets what the device at HOST has, with its secrets, under a passphrase of yours.

    The page's password, its tokens and the history are in no backup.
    """
    backup_file.check_new(file)
    passphrase = "" if without_secrets else _new_passphrase(passphrase_file, host)
    with connected(host, token) as session:
        session.log_in()
        if without_secrets:
            content = session.get(_BACKUP) or {}
        else:
            with waiting(f"{host} derives a key and encrypts, which takes some 10 s"):
                content = session.device.post(_BACKUP, {"passphrase": passphrase})
    if without_secrets:
        backup_file.write(file, content)
        click.echo(f"{file}: the configuration of {host}, without its secrets.")
    else:
        if backup_file.MARK not in content:
            raise BackupError(f"{host}: what it sent is no encrypted backup; nothing was written.")
        backup_file.decrypt(f"what {host} sent", content, passphrase)
        backup_file.write(file, content)
        click.echo(f"{file}: the configuration of {host} with its secrets. It was opened with this passphrase.")


@click.command()
@host_argument
@_file_argument
@_passphrase_option
@click.option("--restart", is_flag=True, help="Restart the device afterwards where that is needed.")
@token_option
def restore(host, file, passphrase_file, restart, token):
    """Replace a device's configuration by that of a backup.

    The device is at HOST; FILE is a backup, or a config.json.
    The page's password, tokens and the keys for updates stay as they are.
    """
    content = backup_file.read(file)
    if backup_file.MARK in content:
        passphrase = _passphrase(passphrase_file)
        backup_file.decrypt(str(file), content, passphrase)
        content["passphrase"] = passphrase
    with connected(host, token) as session:
        session.log_in()
        with waiting(f"{host} checks and writes the configuration"):
            answer = session.device.post(_RESTORE, content)
        for warning in answer.get("warnings", ()):
            click.echo(f"Warning: {warning}.", err=True)
        needs_restart = bool(answer.get("restart"))
        if needs_restart and restart:
            session.device.post(_RESTART, {})
    said = "it restarts now" if needs_restart and restart else "restart it, since not all counts before"
    click.echo(f"{host}: {file} is restored" + (f"; {said}." if needs_restart else "."))


def _new_passphrase(path: Path | None, host: str) -> str:
    """A passphrase that is good enough; raises BackupError."""
    passphrase = _passphrase(path, is_new=True)
    fault = fault_of(passphrase, (host,))
    if fault:
        raise BackupError(f"{fault.replace('password', 'passphrase')}.")
    return passphrase


def _passphrase(path: Path | None, is_new: bool = False) -> str:
    """The file's first line, or what is entered; raises BackupError."""
    if path is None:
        if not has_terminal():
            raise BackupError("There is no terminal to ask for the passphrase at: name a file with --passphrase-file.")
        return click.prompt("Passphrase of the backup", hide_input=True, confirmation_prompt=is_new, err=True)
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise BackupError(f"{path}: {error.strerror}.") from None
    except ValueError:
        raise BackupError(f"{path} is not UTF-8.") from None
    if not lines or not lines[0]:
        raise BackupError(f"{path} has no passphrase in its first line.")
    return lines[0]
