"""`names.txt`: which source and function the names in a device's traceback stand for (tools/cli/traceback.py).

The first line is `evencell VERSION names ID`; ID is the hash of the others. Each of these has five words: the file and
the function as a traceback names them, the line of its `def` in what was compiled (`-` where a traceback has no line
numbers), its source with the line there, and its name there. `-` instead of a source line: a name that is no function.

The same table serves every board and profile: the passes rewrite all the code there is, whatever of it a build takes.
"""

import ast
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from evencell import __version__
from tools.build.common import BUILD
from tools.build.syntax import parsed

FILE = "names.txt"
MODULE = "<module>"
NONE = "-"
_ID_DIGITS = 12
_FOLDERS = {"evencell": "firmware/"}  # first part of a name in the tree → where the repository has it


def rows(
    given: Mapping[str, str],
    made: Mapping[str, str],
    members: Mapping[str, list[str]],
    letters: Mapping[str, Mapping[str, str]],
    flat: Callable[[str], str],
    is_with_lines: bool,
) -> Iterator[str]:
    """The lines on all files of a tree. `given`, `made`: name in the tree → text before and after the passes;
    `members`: the files that each was made of; `letters`: of each the letters of its names; `flat`: the name on a chip.

    `is_with_lines`: a traceback has line numbers and whole paths, as of evencell's own firmware.
    """
    for name in sorted(made):
        file = flat(name) if is_with_lines else PurePosixPath(flat(name)).stem
        own = letters.get(name, {})
        compiled = functions(made[name])
        for member in members[name]:
            source = source_of(member)
            defined = functions(given[member])
            here, compiled = compiled[: len(defined)], compiled[len(defined) :]
            yield _row(file, MODULE, NONE, f"{source}:1", MODULE)
            for (line, now), (source_line, before) in zip(here, defined, strict=True):
                in_traceback = now.rpartition(".")[2]
                at = str(line) if is_with_lines else NONE
                yield _row(file, in_traceback, at, f"{source}:{source_line}", before)
        assert not compiled, name
        called = {before.rpartition(".")[2] for member in members[name] for _, before in functions(given[member])}
        for before, now in own.items():
            if before not in called:
                yield _row(file, now, NONE, NONE, before)


def _row(*words: str) -> str:
    return " ".join(words) + "\n"


def functions(text: str) -> list[tuple[int, str]]:
    """Line and name of each function in a text, in their order, a method's with its class: `Pack.accept`."""
    return list(_functions(parsed(text).body, ""))


def _functions(statements: Iterable[ast.AST], prefix: str) -> Iterator[tuple[int, str]]:
    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, prefix + node.name
            yield from _functions(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}.")
        else:
            yield from _functions(ast.iter_child_nodes(node), prefix)


def source_of(name: str) -> str:
    """Path in the repository of a file, by its name in the tree."""
    return _FOLDERS.get(name.partition("/")[0], "") + name


def whole(*parts: str) -> str:
    """The content of `names.txt`: these tables as one."""
    body = "".join(parts)
    return f"evencell {__version__} names {hashlib.sha256(body.encode()).hexdigest()[:_ID_DIGITS]}\n{body}"


def id_of(text: str) -> str:
    """The ID in the first line of `names.txt`."""
    return text.partition("\n")[0].rpartition(" ")[2]


def id_in(folder: Path) -> str:
    """The ID of the `names.txt` in a folder."""
    return id_of((folder / FILE).read_text("utf-8"))


def newest() -> Path | None:
    """The `names.txt` of the last build on this computer."""
    found = sorted(BUILD.glob(f"*/{FILE}"), key=lambda path: path.stat().st_mtime_ns)
    return next((path for path in reversed(found) if not path.parent.name.startswith("sources")), None)
