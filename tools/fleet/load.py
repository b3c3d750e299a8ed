"""CPU and memory of the server that listens on a port, while a fleet uses it (Linux)."""

import os
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_LISTENS = "0A"


class Load:
    """CPU seconds since this was made, of all processes that listened meanwhile, and the most memory seen.

    Call `sample` regularly: what a process used between the last sample and its end is not counted.
    """

    def __init__(self, port: int):
        self.most_rss_bytes = 0
        self._port = port
        self._began_s: dict[int, float] = {}
        self._used_s: dict[int, float] = {}
        for process in listeners(port):
            self._began_s[process] = cpu_s(process) or 0.0

    def sample(self):
        """Read CPU and memory from the kernel."""
        running = [process for process in self._began_s if self._measure(process)]
        for process in [] if running else listeners(self._port):
            self._began_s.setdefault(process, 0.0)
            self._measure(process)

    @property
    def cpu_s(self) -> float | None:
        """None where no process was found: a server elsewhere, or not on Linux."""
        return round(sum(self._used_s.values()), 2) if self._used_s else None

    def _measure(self, process: int) -> bool:
        used_s = cpu_s(process)
        if used_s is None:
            return False
        self._used_s[process] = used_s - self._began_s[process]
        self.most_rss_bytes = max(self.most_rss_bytes, rss_bytes(process))
        return True


def cpu_s(process: int) -> float | None:
    """CPU seconds of a process since its start; None where it has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def rss_bytes(process: int) -> int:
    """Resident memory of a process; 0 where it has ended."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def listeners(port: int) -> list[int]:
    """Processes that listen on this TCP port; only those that this user may inspect."""
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if sockets & _open_sockets(folder)]


def _listening(port: int):
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in map(str.split, rows):
            if row[3] == _LISTENS and int(row[1].rpartition(":")[2], 16) == port:
                yield row[9]


def _open_sockets(folder: Path) -> set[str]:
    found = set()
    try:
        for link in (folder / "fd").iterdir():
            found.add(os.readlink(link))
    except OSError:
        pass  # it ended meanwhile, or belongs to another user
    return found
