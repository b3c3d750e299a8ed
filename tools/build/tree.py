"""Builds what a board's flash holds, in `build/<board>/`. Only what changed is built again.

For the computer (`host`) that folder is the tree that MicroPython runs. For a chip it holds `flash/`, laid out as the
chip's file system (slots.py), whose `a/` is the slot: the tree with its modules in one file (archive.py). The image
and what else is made of it: image.py.
"""

import ast
import contextlib
import fcntl
import hashlib
import importlib
import os
from pathlib import Path
from pprint import pformat

from evencell.config.spelling import nearest
from tools.build import archive, names, page, slots
from tools.build.common import (
    BUILD,
    FIRMWARE,
    ROOT,
    BuildError,
    bytecode_compiler,
    run,
    write_if_changed,
)
from tools.build.flatten import flat_name
from tools.build.fonts import font_sources, text_sources, whole_texts
from tools.build.memory_budget import usual_plan
from tools.build.passes import CHIP_PASSES, FLATTEN, FROZEN_PASSES, PASSES, rewritten
from tools.build.select import DISPLAY_WISHES, PROFILES, left_out
from tools.build.strip import without_slots
from tools.cli.progress import Progress

_SERVER = "evencell/forward/http/routes.py"  # serves the page
RELEASE_KEY = "evencell/update/release_key.txt"  # read by keys.py beside it
COMPILED = "compiled"  # folder of all bytecode that was ever made
_TREE = "tree"

# Keys of a board file that are for people and for the build: strings that would only take heap on the device.
_NOT_FOR_THE_DEVICE = {
    "description", "march", "micropython", "variant", "flash_mb", "supply_v", "supply_pin", "supply_warning", "source",
    "unverified", "transceiver", DISPLAY_WISHES,
}  # fmt: skip

# Data files beside the module that reads them.
_DATA_OF = {
    "evencell/config/table.py": "evencell/config/schema.txt",
    "evencell/forward/mqtt/discovery.py": "evencell/forward/mqtt/discovery.txt",
    "evencell/forward/http/metrics_device.py": "evencell/forward/http/metrics_device.txt",
    "evencell/forward/http/metrics_fields.py": "evencell/forward/http/metrics_fields.txt",
}

# What the computer's board uses: what stands for its radios and W switch; and of a chip's, where the interpreter stands
# for a chip's heaps and radio.
_HOST_MODULES = (
    "displays",
    "host",
    "host_bluetooth",
    "host_firmware",
    "host_radio",
    "host_saving",
    "host_sleep",
    "host_w_output",
    "esp32_access_point",
    "esp32_heap",
    "esp32_network",
    "esp32_wifi",
)


def build(
    board: str,
    profile: str = "full",
    *,
    small: bool = False,
    plan: str | None = None,
    display: dict | None = None,
    release_key: bytes | None = None,
) -> Path:
    """Build for `board` (a name of `evencell boards`); returns the folder with `board.py` in it.

    `host`: `build/host` with `main.py`; `small`: `build/host-small`, compiled as for a chip. A chip: the slot
    `build/<board>/flash/a`, with its manifest.json; what lies outside the slots is in the folder above. `plan`: of a
    chip's memory (memory_budget.py); without it that of the profile with an empty configuration. `display`: that of
    the configuration. `release_key`: the content of RELEASE_KEY. Raises BuildError.
    """
    if profile not in PROFILES:
        raise BuildError(f"There is no profile {profile!r}. Take one of: {', '.join(PROFILES)}.")
    with alone():
        data = board_data(board)
        if data["chip"] == "host":
            tree = build_tree(BUILD / ("host-small" if small else "host"), {**data, "small": small}, profile)
            write_if_changed(tree / "main.py", (FIRMWARE / "main.py").read_bytes())
            return tree
        plan = plan_of(plan or usual_plan(data, profile))
        data = data | {DISPLAY_WISHES: display or {}}
        tree = build_tree(BUILD / board / _TREE, data, profile, plan, release_key)
        slot = flash_folder(board) / slots.FIRST
        fill_slot(slot, tree, data)
        slots.lay_out(flash_folder(board), data, FIRMWARE)
        return slot


@contextlib.contextmanager
def alone():
    """Two builds at once would write the same files."""
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def flash_folder(board: str) -> Path:
    """The files of the chip's file system, as they lie on it."""
    return BUILD / board / "flash"


def build_tree(
    tree: Path, board: dict, profile: str, plan: str | None = None, release_key: bytes | None = None
) -> Path:
    """Each file is written to a temporary name and renamed: an interruption leaves no partial file."""
    sources = sources_of(board, profile)
    progress = Progress(f"Building evencell for {board['name']} (the first build takes longest)")
    wanted = {"board.py", "main.py", slots.MANIFEST, slots.PLAN}
    for done, (name, source) in enumerate(sources.items()):
        progress.report(done, len(sources))
        wanted.add(put(source, tree, name, board))
    made = page.built() if _SERVER in sources or flat_name(_SERVER) in sources else {}
    if release_key:
        made[RELEASE_KEY] = release_key
    if FLATTEN in passes_of(board):
        made = {flat_name(path): content for path, content in made.items()}
    for path, content in made.items():
        wanted.add(path)
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        write_if_changed(tree / path, content)
    write_if_changed(tree / "board.py", board_module(board).encode())
    if plan is not None:
        write_if_changed(tree / slots.PLAN, plan.encode())
    remove_others(tree, wanted)
    return tree


def fill_slot(slot: Path, tree: Path, board: dict):
    """Lay the files of a flat tree out as a slot has them, but for the manifest."""
    options = compiler_options(board)
    files = archive.in_slot(slots.contents_of(tree), lambda name, source: bytecode(source, ["-s", name, *options]))
    for path, content in files.items():
        (slot / path).parent.mkdir(parents=True, exist_ok=True)
        write_if_changed(slot / path, content)
    remove_others(slot, {*files, slots.MANIFEST})


def sources_of(board: dict, profile: str) -> dict[str, Path]:
    """Name in the tree → source, for all that this board gets; but for its own data, and for the page."""
    sources = {**firmware_sources(), **text_sources(), **board_sources(board), **font_sources()}
    for name in left_out(sources, board, profile) | whole_texts():
        sources.pop(name, None)
    data = {file: FIRMWARE / file for module, file in _DATA_OF.items() if module in sources}
    if not is_small(board):
        return sources | data
    sources = small_sources(sources, passes_of(board)) | data
    return {flat_name(name): path for name, path in sources.items()} if FLATTEN in passes_of(board) else sources


def passes_of(board: dict) -> tuple[str, ...]:
    """The passes over the sources of a tree."""
    if not is_small(board):
        return ()
    return board.get("passes", PASSES if board["chip"] == "host" else CHIP_PASSES)


def put(source: Path, tree: Path, name: str, board: dict) -> str:
    """Bring a source into the tree, compiled if it is code; returns its name there."""
    if source.suffix == ".py":
        compiled = str(Path(name).with_suffix(".mpy"))
        compile_module(source, tree / compiled, name, board)
        return compiled
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    write_if_changed(tree / name, source.read_bytes())
    return name


def firmware_sources() -> dict[str, Path]:
    """Name in the tree → source, for every module of the firmware."""
    return {str(path.relative_to(FIRMWARE)): path for path in sorted(FIRMWARE.glob("evencell/**/*.py"))}


def data_files() -> dict[str, Path]:
    """Name in the tree → source, for every data file that is part of the sources; the page is compressed first."""
    return {name: FIRMWARE / name for name in _DATA_OF.values()}


def is_small(board: dict) -> bool:
    """Whether the tree is to take as little heap as it can, at the cost of shorter tracebacks."""
    return board.get("small", "march" in board)


def small_sources(sources: dict[str, Path], passes: tuple[str, ...] = PASSES) -> dict[str, Path]:
    """The same for a chip, rewritten by `passes`. That is done for all the code there is, whatever of it goes into a
    build.

    A board's own code keeps its names: its data is given to it by them.
    """
    own, boards = firmware_sources(), {f"boards/{path.name}": path for path in sorted((ROOT / "boards").glob("*.py"))}
    small = rewritten(own, boards, BUILD / sources_folder(passes), passes)
    small = {name: path for name, path in small.items() if not _is_empty_package(path)}
    return {name: small.get(name, path) for name, path in sources.items() if name in small or name not in own}


def names_text() -> str:
    """The content of `names.txt` for a firmware of files and for a frozen one."""
    return names.whole(*map(_names_of, (CHIP_PASSES, FROZEN_PASSES)))


def plan_of(budget: str) -> str:
    """The file `plan` of a build: that of its memory, and which `names.txt` its tracebacks need."""
    return f"{budget}names {names.id_of(names_text())}\n"


def _names_of(passes: tuple[str, ...]) -> str:
    """What these passes make of the names of the firmware (names.py)."""
    small_sources({}, passes)
    return (BUILD / sources_folder(passes) / names.FILE).read_text("utf-8")


def sources_folder(passes: tuple[str, ...]) -> str:
    """The folder of `build/` in which the sources are that these passes have rewritten."""
    return "-".join(["sources", *passes])


def _is_empty_package(path: Path) -> bool:
    """Whether a folder is a package without this file, which would take a name and a path in the heap."""
    return path.name == "__init__.py" and not ast.parse(path.read_text("utf-8")).body[1:]


def board_sources(board: dict) -> dict[str, Path]:
    """What makes capabilities of a board's data."""
    names = _HOST_MODULES if board["chip"] == "host" else chip_modules()
    return {f"boards/{name}.py": ROOT / "boards" / f"{name}.py" for name in names}


def board_data(board: str) -> dict:
    """The data of a board file; raises BuildError for unknown boards."""
    try:
        return importlib.import_module(f"boards.{board}").BOARD
    except (ImportError, AttributeError):
        near = nearest(board.lower(), board_names())
        meant = f"Did you mean {near}? " if near else ""
        listed = ", ".join(board_names())
        raise BuildError(
            f"There is no board {board!r}. {meant}There are {listed}; `.venv/bin/evencell boards` says more."
        ) from None


def board_names() -> list[str]:
    """Every board file: what defines a BOARD."""
    return sorted(path.stem for path in (ROOT / "boards").glob("*.py") if "\nBOARD = {" in path.read_text("utf-8"))


def chip_modules() -> list[str]:
    """The other modules of `boards`: what every chip's tree needs."""
    modules = {path.stem for path in (ROOT / "boards").glob("*.py")}
    return sorted(name for name in modules - {*board_names(), "__init__"} if not name.startswith("host_"))


def board_module(board: dict) -> str:
    """`board.py` of the tree: the board it was built for, with the data that the device needs."""
    if board["chip"] == "host":
        return "from boards.host import Board\n\nboard = Board()\n"
    data = {key: value for key, value in board.items() if key not in _NOT_FOR_THE_DEVICE}
    return f"from boards.esp32 import Board\n\nboard = Board(\n{pformat(data, sort_dicts=False)}\n)\n"


def compile_module(source: Path, target: Path, name: str, board: dict):
    """Compile to bytecode for the board's processor; tracebacks name the file as `name`.

    On a chip (and where `small` says so) they name module and function, but not the line: numbers would cost 4 KB, and
    functions here are short. The module's last name is in memory anyway, a path would be one more for each.
    """
    name = Path(name).stem if is_small(board) else name
    content = bytecode(without_slots(source.read_text("utf-8")), ["-s", name, *compiler_options(board)])
    target.parent.mkdir(parents=True, exist_ok=True)
    write_if_changed(target, content)  # its time says nothing: another module may have had these letters


def compiler_options(board: dict) -> list[str]:
    """For the board's processor, and without line numbers where the tree is to be small."""
    processor = [f"-march={board['march']}"] if "march" in board else []
    return [*processor, "-O3"] if is_small(board) else processor


def bytecode(text: str, options: list[str]) -> bytes:
    """What the compiler makes of a text. It is kept: boards, profiles and tests share most of their modules."""
    compiler = Path(bytecode_compiler())
    about = repr((compiler.stat().st_size, compiler.stat().st_mtime_ns, options, text))
    kept = BUILD / COMPILED / f"{hashlib.sha256(about.encode()).hexdigest()}.mpy"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        new = kept.with_suffix(f".{os.getpid()}")
        run([str(compiler), *options, "-o", str(new), "-"], given=text)
        new.replace(kept)
    return kept.read_bytes()


def remove_others(tree: Path, wanted: set[str]):
    """What a source no longer stands behind must not be imported by accident."""
    for path in tree.glob("**/*"):
        if path.is_file() and str(path.relative_to(tree)) not in wanted:
            path.unlink()
    for folder in sorted(tree.glob("**/"), reverse=True):
        if folder != tree and not any(folder.iterdir()):
            folder.rmdir()
