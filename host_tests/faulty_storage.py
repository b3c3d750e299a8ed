"""A file system of MicroPython over a folder of this computer, which is full, read-only, or fails at the n-th write."""

import os

ENOSPC, EROFS, EIO = 28, 30, 5


class FaultyStorage:
    """To be mounted. `fault()` gives what is wrong now: "", "full", "read-only", or the number of the write that fails.

    `writes` counts what changes a file or a folder. Reading and deleting work, but for read-only deleting.
    """

    def __init__(self, root: str, fault):
        self._root = root  # where its files are: VfsPosix with a root of its own can't rename
        self._fault = fault
        self.writes = 0

    def mount(self, _is_readonly, _is_new):
        """Nothing is to be done."""

    def umount(self):
        """Neither here."""

    def change(self, frees: bool = False):
        """Raise the OSError of a change that can't be made now; `frees`: it needs no room."""
        self.writes += 1
        fault = self._fault()
        if fault == "read-only":
            raise OSError(EROFS)
        if fault == "full" and not frees:
            raise OSError(ENOSPC)
        if fault == str(self.writes):
            raise OSError(EIO)

    def open(self, path: str, mode: str):
        is_written = any(letter in mode for letter in "wa+")
        if is_written:
            self.change(frees=self._fault() == "full")  # a name has room, its content has none
        file = open(self._root + path, mode)  # noqa: SIM115 - the caller closes it
        return File(file, self) if is_written else file

    def mkdir(self, path: str):
        self.change()
        os.mkdir(self._root + path)

    def rename(self, old: str, new: str):
        self.change(frees=True)
        os.rename(self._root + old, self._root + new)

    def remove(self, path: str):
        self.change(frees=True)
        os.remove(self._root + path)

    def rmdir(self, path: str):
        self.change(frees=True)
        os.rmdir(self._root + path)

    def stat(self, path: str):
        return os.stat(self._root + path)

    def ilistdir(self, path: str):
        return os.ilistdir(self._root + path)

    def statvfs(self, _path: str):
        """A littlefs that is full may count 2**32 - 2 free blocks."""
        free = 2**32 - 2 if self._fault() == "full" else 400
        return 4096, 4096, 512, free, free, 0, 0, 0, 0, 255


class File:
    """One that is open for writing."""

    def __init__(self, file, storage: FaultyStorage):
        self._file = file
        self._storage = storage
        self.seek, self.read, self.readinto, self.close = file.seek, file.read, file.readinto, file.close

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def write(self, data):
        self._storage.change()
        return self._file.write(data)
