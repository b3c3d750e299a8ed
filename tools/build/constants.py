"""Numbers in the place of their names: what `const()` does within a file, done across files when compiling for a chip.

A constant that other files import costs a name, an entry in two modules and the code that imports it, all in the heap.
Here each file gets the number itself, and the constant becomes a private one, which the compiler leaves out.
"""

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator

from tools.build.imports import module_of
from tools.build.syntax import nodes, parsed

# What stands between (row, column) and (row, column) of a text, and what is to stand there.
Edit = tuple[tuple[int, int], tuple[int, int], str]


def placed(sources: dict[str, str], others: Iterable[str]) -> dict[str, str]:
    """`sources` (name in the tree → text) with the numbers in place; `others` call them, and stay as they are."""
    trees = {name: parsed(text) for name, text in sources.items()}
    fixed = named_otherwise([*trees.values(), *(parsed(text) for text in others)], [*map(parsed, others)])
    constants = {module_of(name): numbers(tree, fixed) for name, tree in trees.items()}
    return {
        name: edited(text, [*edits(trees[name], text, constants, constants[module_of(name)])])
        for name, text in sources.items()
    }


def named_otherwise(trees: Iterable[ast.Module], others: Iterable[ast.Module]) -> set[str]:
    """Names that are resolved while the firmware runs (as attributes, or in a text), or that `others` import."""
    found = set()
    for tree in trees:
        for node in nodes(tree):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    for tree in others:
        found |= {alias.name for node in nodes(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    return found


def numbers(tree: ast.Module, fixed: set[str]) -> dict[str, int]:
    """The public whole numbers that a file defines once, by name, but for the names in `fixed`."""
    names = [node for node in nodes(tree) if isinstance(node, ast.Name)]
    private = {node.id for node in names if node.id.startswith("_")}
    stored = [node.id for node in names if isinstance(node.ctx, ast.Store)]
    found = {}
    for name, node in _definitions(tree):
        value = _number(node.value)
        is_public = name.isupper() and not name.startswith("_") and "_" + name not in private
        if value is not None and is_public and name not in fixed and stored.count(name) == 1:
            found[name] = value
    return found


def _definitions(tree: ast.Module) -> Iterator[tuple[str, ast.Assign]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node


def _number(node: ast.expr) -> int | None:
    """The whole number that is written here, by itself or as a constant."""
    if isinstance(node, ast.Call) and _is_const(node):
        node = node.args[0]
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if type(value) is int else None


def _is_const(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == "const"


def edits(tree: ast.Module, text: str, constants: dict[str, dict[str, int]], own: dict[str, int]) -> Iterator[Edit]:
    """What changes in one file; `own` are its own constants."""
    new = {name: "_" + name for name in own}
    changes = []
    for name, node in _definitions(tree):
        if name in own:
            changes.append(instead_of(node, f"_{name} = const({own[name]})"))
    for node in nodes(tree):
        if isinstance(node, ast.ImportFrom):
            theirs = constants.get(node.module or "", {})
            placed = {alias.name: f"({theirs[alias.name]})" for alias in node.names if alias.name in theirs}
            new |= placed
            gone = set(placed)
            if node.module and node.module.startswith("evencell.") and is_only_compiled(tree):
                gone.add("const")  # of compat.py, or of what that was merged into
            if gone & {alias.name for alias in node.names}:
                changes.append(instead_of(node, _import_without(node, gone)))
    yield from changes
    if not new:
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_changed = any(start <= token.start < end for start, end, _ in changes)
        if token.type == tokenize.NAME and token.string in new and not is_changed:
            yield token.start, token.end, new[token.string]


def instead_of(node: ast.stmt, text: str) -> Edit:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset), text


def in_characters(node: ast.expr, text: str, lines: list[str]) -> Edit:
    """The edit of an expression, whose columns count bytes; `lines`: of the whole text."""
    assert node.end_lineno is not None and node.end_col_offset is not None
    start = len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
    end = len(lines[node.end_lineno - 1].encode()[: node.end_col_offset].decode())
    return (node.lineno, start), (node.end_lineno, end), text


def _import_without(node: ast.ImportFrom, gone: set[str]) -> str:
    left = [alias for alias in node.names if alias.name not in gone]
    return ast.unparse(ast.ImportFrom(node.module, left, node.level)) if left else "pass"


def is_only_compiled(tree: ast.Module) -> bool:
    """Whether the compiler does all that `const` is called for: then it is not needed at run time."""
    values = [node.value for node in nodes(tree) if isinstance(node, ast.Assign)]
    compiled = {id(value.func) for value in values if isinstance(value, ast.Call)}
    return all(id(node) in compiled for node in nodes(tree) if isinstance(node, ast.Name) and node.id == "const")


def edited(text: str, changes: list[Edit]) -> str:
    """The text with these changes, none of which overlap."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    for (row, column), (end_row, end_column), new in sorted(changes, reverse=True):
        start, end = starts[row - 1] + column, starts[end_row - 1] + end_column
        text = text[:start] + new + text[end:]
    return text
