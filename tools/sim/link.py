"""The symbolic link that gives the simulated line a name which stays."""

import contextlib
import os

# Where Linux and macOS keep their ptys: a link to there can only be an earlier simulator's.
_PTY_FOLDERS = ("/dev/pts/", "/dev/ttys")


def place(link: str, target: str):
    """Point `link` at `target`, in one step where a stale one stands.

    Raises FileExistsError where something else stands, OSError where no link can be made.
    """
    if os.path.lexists(link) and not _is_stale(link):
        raise FileExistsError(f"{link} exists and is no simulator's link: name another path or remove it")
    fresh = f"{link}.{os.getpid()}"
    os.symlink(target, fresh)
    os.replace(fresh, link)


def remove(link: str, target: str):
    """Take `link` away, unless another simulator has taken the name over."""
    with contextlib.suppress(FileNotFoundError):  # its folder may be gone as well
        if os.path.islink(link) and os.readlink(link) == target:
            os.unlink(link)


def _is_stale(link: str) -> bool:
    return os.path.islink(link) and (os.readlink(link).startswith(_PTY_FOLDERS) or not os.path.exists(link))
