"""Fewer folders on a chip: a module `evencell.net.tcp` becomes `evencell.net_tcp`.

A folder takes a module object in the heap for its package, and its name is a part of each path, which stays in memory.
"""

import ast
from collections.abc import Iterator, Mapping

from tools.build.common import BuildError
from tools.build.constants import Edit, edited, instead_of
from tools.build.imports import module_of
from tools.build.syntax import nodes, parsed

# Folders that stay: with folders of their own; and those whose modules are named in a text (ROUTES of router.py).
_STAYING = ("evencell", "evencell/forward", "evencell/display", "evencell/forward/http")
_OF_MAIN = "evencell/power/wake.py"  # main.py imports it, which an update does not change
_STAYING_WHOLE = "evencell/forward/http/"
_PREFIXES = ("evencell.display.",)  # of names that are put together: what follows is in strings of modules below


def flat_name(name: str) -> str:
    """The name in a chip's tree of a file, by that of its source. A data file lies beside the module that reads it."""
    folder, _, file = name.rpartition("/")
    parent, _, own = folder.rpartition("/")
    if not name.startswith("evencell/") or folder in _STAYING or name.startswith(_STAYING_WHOLE) or name == _OF_MAIN:
        return name
    if file == "__init__.py":
        return f"{folder}.py"
    return f"{parent}/{own}_{file}" if file.endswith(".py") else f"{parent}/{file}"


def flattened(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts, by the names that they had, with the new names of all modules in them. Raises BuildError for a name
    that would be missed."""
    names = [name for name in texts if flat_name(name) != name and not name.endswith("/__init__.py")]
    moved = {module_of(name): module_of(flat_name(name)) for name in names}
    folders = {module.rpartition(".")[0] for module in moved}
    moved_texts = {**moved, **{folder + ".": folder + "_" for folder in folders}}
    return {name: edited(text, list(_edits(name, text, moved, moved_texts))) for name, text in texts.items()}


def _edits(name: str, text: str, moved: Mapping[str, str], moved_texts: Mapping[str, str]) -> Iterator[Edit]:
    lines = text.splitlines(keepends=True)
    prefixes = ("", *(prefix for prefix in _PREFIXES if module_of(name).startswith(prefix)))
    docstrings = {id(node.value) for node in nodes(parsed(text)) if isinstance(node, ast.Expr)}
    for node in nodes(parsed(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            if new := _import(name, node, moved):
                yield instead_of(node, ast.unparse(new))
        elif isinstance(node, ast.Import) and any(alias.name in moved for alias in node.names):
            raise BuildError(f"{name}: import … from: {ast.unparse(node)}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            found = [prefix for prefix in prefixes if prefix + node.value in moved_texts]
            if found:
                yield _in_characters(node, repr(moved_texts[found[0] + node.value][len(found[0]) :]), lines)
            elif node.value.startswith("evencell.") and any(node.value.startswith(start) for start in moved_texts):
                raise BuildError(f"{name}: {node.value!r} is no whole name of a module")


def _import(name: str, node: ast.ImportFrom, moved: Mapping[str, str]) -> ast.ImportFrom | None:
    """The statement from where the modules are now; None where that is nothing new."""
    module = node.module or ""
    if module in moved:
        return ast.ImportFrom(moved[module], node.names, 0)
    inner = [moved.get(f"{module}.{alias.name}") for alias in node.names]
    if not any(inner):
        return None
    if not all(inner):
        raise BuildError(f"{name}: modules apart from other names: {ast.unparse(node)}")
    pairs = zip(node.names, inner, strict=True)
    aliases = [ast.alias(str(new).rpartition(".")[2], alias.asname or alias.name) for alias, new in pairs]
    return ast.ImportFrom(str(inner[0]).rpartition(".")[0], aliases, 0)


def _in_characters(node: ast.Constant, new: str, lines: list[str]) -> Edit:
    """The edit of an expression, whose columns count bytes."""
    assert node.end_lineno is not None and node.end_col_offset is not None
    start = len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
    end = len(lines[node.end_lineno - 1].encode()[: node.end_col_offset].decode())
    return (node.lineno, start), (node.end_lineno, end), new
