"""Lists of files for MicroPython's package installer mip. `python -m tools.build.packages` renews our own."""

import json
from pathlib import Path

from evencell import __version__
from tools.build import page
from tools.build.common import FIRMWARE, ROOT
from tools.build.imports import reached
from tools.build.select import needs
from tools.build.slots import CONFIG, files_in
from tools.build.tree import data_files, firmware_sources

_MADE_BY_THE_BUILD = "evencell/display/"  # its fonts are
_PROTOCOL = "evencell/protocol/"


def main():
    for path, content in repository_packages().items():
        path.write_text(content, "ascii")


def repository_packages() -> dict[Path, str]:
    """Package files of the repository, each with what it must hold."""
    return {
        ROOT / "package.json": package(device_files()),
        FIRMWARE / "protocol.json": package({name: name for name in sorted(protocol_names())}),
    }


def device_files() -> dict[str, str]:
    """Path on the device → source, of everything that need not be built first. `board.py` is the owner's to write."""
    names = [*firmware_sources(), *data_files(), *(f"{page.FOLDER}/{name}" for name in page.sources())]
    sources = sorted(name for name in names if not name.startswith(_MADE_BY_THE_BUILD))
    boards = sorted(path.name for path in (ROOT / "boards").glob("*.py") if path.name not in ("__init__.py", "host.py"))
    return {
        "main.py": "firmware/main.py",
        **{name: f"firmware/{name}" for name in sources},
        **{f"boards/{name}": f"boards/{name}" for name in boards},
    }


def protocol_names() -> set[str]:
    """The protocol and the little that it imports."""
    sources = firmware_sources()
    return reached([name for name in sources if name.startswith(_PROTOCOL)], needs(sources))


def package(files: dict[str, str]) -> str:
    """The text of a package file; `files`: path on the device → source, relative to the package file."""
    urls = ",\n  ".join(json.dumps(pair) for pair in files.items())
    return f'{{"version": "{__version__}", "deps": [], "urls": [\n  {urls}\n]}}\n'


def flash_package(flash: Path) -> str:
    """The package of a build, to stand beside the folder `flash`: all its files but the owner's configuration."""
    names = [path.relative_to(flash).as_posix() for path in files_in(flash)]
    return package({name: f"{flash.name}/{name}" for name in names if name != CONFIG})


if __name__ == "__main__":
    main()
