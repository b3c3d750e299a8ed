"""The symbolic link that gives the pty a fixed name."""

import contextlib
import fcntl
import os

# Where Linux and macOS keep their ptys: a link to there can only be an earlier simulator's.
_PTY_FOLDERS = ("/dev/pts/", "/dev/ttys")


def mark(fd: int):
    """Mark a pty as a running simulator's, by a POSIX lock; pyserial takes another kind (`flock`)."""
    fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_running(link: str) -> bool:
    """Whether another process has marked the pty that `link` points to. It may be a terminal by now."""
    if not os.path.islink(link) or not os.readlink(link).startswith(_PTY_FOLDERS):
        return False
    try:
        fd = os.open(link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        mark(fd)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def place(link: str, target: str):
    """Make `link` point to `target`, and replace a stale link in one step.

    Raises FileExistsError for another file or the link of a running simulator, OSError if it can't be made.
    """
    if is_running(link):
        raise FileExistsError(f"{link} is the link of a running simulator: end it or name another path")
    if os.path.lexists(link) and not _is_stale(link):
        raise FileExistsError(f"{link} exists and is no simulator's link: name another path or remove it")
    fresh = f"{link}.{os.getpid()}"
    os.symlink(target, fresh)
    os.replace(fresh, link)


def remove(link: str, target: str):
    """Delete `link`, unless another simulator has taken over the name."""
    with contextlib.suppress(FileNotFoundError):  # its folder may be gone as well
        if os.path.islink(link) and os.readlink(link) == target:
            os.unlink(link)


def _is_stale(link: str) -> bool:
    return os.path.islink(link) and (os.readlink(link).startswith(_PTY_FOLDERS) or not os.path.exists(link))
