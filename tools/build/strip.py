"""Leaves out what the firmware does not need: a `.mpy` from the file system takes heap, all of it."""

import ast


def without_slots(source: str) -> str:
    """`source` without `__slots__`, which MicroPython stores and ignores; every other line keeps its number.

    Where the source itself goes by them they stay.
    """
    if "__slots__" not in source or "self.__slots__" in source:
        return source
    lines = source.split("\n")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and _sets_slots(node):
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                lines[number - 1] = ""
    return "\n".join(lines)


def _sets_slots(node: ast.Assign) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "__slots__" for target in node.targets)


def only_micropython(source: str) -> str:
    """`source` without what is for CPython: the compiler leaves out what a condition that never holds guards."""
    return source.replace('if sys.implementation.name == "micropython":', "if True:")
