"""Shorter names for what only one file knows: MicroPython keeps each name of the firmware in the heap, once for all.

When a file is compiled for a chip, public constants become numbers first (constants.py). Parameters, and the private
attributes and variables of the file, become one or two letters. Every file uses the same letters, so there are some 200
names less. What a traceback shows keeps its name: functions, methods and classes; and so does what a file shares with
others.
"""

import ast
import builtins
import io
import itertools
import keyword
import string
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools import constants


def shortened(sources: dict[str, Path], others: Iterable[Path], folder: Path) -> dict[str, Path]:
    """The same names with the paths of the shortened sources, in `folder`; `others` call them, and stay as they are.

    A file that comes out as it was is not written again.
    """
    short = {name: folder / name for name in sources}
    stamp, others = folder / "stamp", list(others)
    tools = Path(__file__), Path(constants.__file__)
    newest_ns = max(path.stat().st_mtime_ns for path in [*sources.values(), *others, *tools])
    if stamp.exists() and stamp.stat().st_mtime_ns > newest_ns and all(path.exists() for path in short.values()):
        return short
    callers = [path.read_text("utf-8") for path in others]
    texts = constants.placed({name: path.read_text("utf-8") for name, path in sources.items()}, callers)
    everything = [*texts.values(), *callers]
    kept = keyword_names(everything) | shared_names(everything)
    for name, text in texts.items():
        new = shorten(text, kept)
        short[name].parent.mkdir(parents=True, exist_ok=True)
        if not short[name].exists() or short[name].read_text("utf-8") != new:
            short[name].write_text(new, "utf-8")
    stamp.touch()
    return short


def keyword_names(sources: Iterable[str]) -> set[str]:
    """Every name by which an argument is given anywhere: such a parameter must keep it."""
    nodes = (node for source in sources for node in ast.walk(ast.parse(source)))
    return {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg}


def shared_names(sources: Iterable[str]) -> set[str]:
    """Private names that more than one file uses: of these nobody knows whether they are the same."""
    seen, shared = set(), set()
    for source in sources:
        names = {name for name in _all_names(ast.parse(source)) if _is_private(name)}
        shared |= names & seen
        seen |= names
    return shared


def shorten(source: str, kept: set[str]) -> str:
    """`source` with shorter names, but for those in `kept`."""
    tree = ast.parse(source)
    names = (_private_names(tree) | _local_names(tree)) - kept - _fixed_names(tree)
    letters = _letters(_all_names(tree) | kept)
    return _renamed(source, {name: next(letters) for name in sorted(names)})


def _renamed(source: str, short: dict[str, str]) -> str:
    """The text with each name replaced where it stands; an attribute only if it is private.

    Nothing else changes: MicroPython makes a tuple of `(a, b) = (c, d)`, and none of `a, b = c, d`.
    """
    found, before = [], ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_ours = token.type == tokenize.NAME and token.string in short
        if is_ours and (before != "." or _is_private(token.string)):
            found.append((token.start, token.end, short[token.string]))
        before = token.string
    return constants.edited(source, found)


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_"


def _all_names(tree: ast.Module) -> set[str]:
    fields = ("id", "arg", "attr", "name", "asname")
    found = {getattr(node, field, None) for node in ast.walk(tree) for field in fields}
    return {name for name in found if isinstance(name, str)}


def _private_names(tree: ast.Module) -> set[str]:
    nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Name, ast.Attribute))]
    names = {node.id if isinstance(node, ast.Name) else node.attr for node in nodes}
    return {name for name in names if _is_private(name)}


def _local_names(tree: ast.Module) -> set[str]:
    return {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} - {"self"}


def _fixed_names(tree: ast.Module) -> set[str]:
    """What others see, or what is no name at run time: builtins, imports, definitions, constants, what a module or a
    class offers, and what a text names."""
    fixed = set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            fixed |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            fixed.add(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            fixed.add(node.value)  # hasattr(self, "_socket")
        if isinstance(node, (ast.Module, ast.ClassDef)):
            fixed |= _assigned(node.body)
    return fixed


def _assigned(body: list[ast.stmt]) -> set[str]:
    """Names that these statements assign: public ones, and constants, which the compiler puts in place."""
    found = set()
    for statement in body:
        is_constant = isinstance(statement, ast.Assign) and "const(" in ast.unparse(statement.value)
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found |= {node.id} if is_constant or not _is_private(node.id) else set()
    return found


def _letters(taken: set[str]) -> Iterator[str]:
    """a, b, … z, A, … aa, ab, …, without those that stand for something already."""
    for count in (1, 2):
        for letters in itertools.product(string.ascii_letters, repeat=count):
            name = "".join(letters)
            if name not in taken and not keyword.iskeyword(name):
                yield name
