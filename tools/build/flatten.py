"""Fewer folders on a chip: a module `evencell.net.tcp` becomes `evencell.net_tcp`.

A folder takes two blocks of the flash in each slot, 8 KB, and a module object in the heap for its package.
"""

import ast
from collections.abc import Iterator, Mapping

from tools.build.common import BuildError
from tools.build.constants import Edit, edited, instead_of
from tools.build.imports import module_of
from tools.build.syntax import nodes, parsed

# Folders that stay: with folders of their own, or whose modules are found by the beginning of their names.
_STAYING = ("evencell", "evencell/forward", "evencell/display", "evencell/forward/http")
_STAYING_WHOLE = ("evencell/display/", "evencell/forward/http/")


def flat_name(name: str) -> str:
    """The name in a chip's tree of a file, by that of its source. A data file lies beside the module that reads it."""
    folder, _, file = name.rpartition("/")
    parent, _, own = folder.rpartition("/")
    is_ours = name.startswith("evencell/") and file != "__init__.py"
    if not is_ours or folder in _STAYING or name.startswith(_STAYING_WHOLE):
        return name
    return f"{parent}/{own}_{file}" if file.endswith(".py") else f"{parent}/{file}"


def flattened(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts, by the names that they had, with the new names of all modules in them. Raises BuildError for a name
    that is put together."""
    moved = {module_of(name): module_of(flat_name(name)) for name in texts if flat_name(name) != name}
    folders = {module.rpartition(".")[0] for module in moved}
    return {name: edited(text, list(_edits(name, text, moved, folders))) for name, text in texts.items()}


def _edits(name: str, text: str, moved: Mapping[str, str], folders: set[str]) -> Iterator[Edit]:
    lines = text.splitlines(keepends=True)
    docstrings = {id(node.value) for node in nodes(parsed(text)) if isinstance(node, ast.Expr)}
    for node in nodes(parsed(text)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module in moved:
            yield instead_of(node, ast.unparse(ast.ImportFrom(moved[node.module], node.names, 0)))
        elif isinstance(node, ast.ImportFrom) and node.module and node.module in folders:
            aliases = [_alias(node, one, moved) for one in node.names]
            yield instead_of(node, ast.unparse(ast.ImportFrom(node.module.rpartition(".")[0], aliases, 0)))
        elif isinstance(node, ast.Import) and any(alias.name in moved for alias in node.names):
            raise BuildError(f"{name}: import … from: {ast.unparse(node)}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            if node.value in moved:
                yield _in_characters(node, repr(moved[node.value]), lines)
            elif any(node.value.startswith(folder + ".") for folder in folders):
                raise BuildError(f"{name}: {node.value!r} is no whole name of a module")


def _alias(node: ast.ImportFrom, alias: ast.alias, moved: Mapping[str, str]) -> ast.alias:
    """A module that is imported from its folder, under the same name."""
    new = moved[f"{node.module}.{alias.name}"].rpartition(".")[2]
    return ast.alias(new, alias.asname or alias.name)


def _in_characters(node: ast.Constant, new: str, lines: list[str]) -> Edit:
    """The edit of an expression, whose columns count bytes."""
    assert node.end_lineno is not None and node.end_col_offset is not None
    start = len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
    end = len(lines[node.end_lineno - 1].encode()[: node.end_col_offset].decode())
    return (node.lineno, start), (node.end_lineno, end), new
