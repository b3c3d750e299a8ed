"""Syntax trees of sources, parsed once. They are shared: to be read, not changed."""

import ast
import functools


@functools.lru_cache(maxsize=2048)
def parsed(text: str) -> ast.Module:
    """The syntax tree of a text."""
    return ast.parse(text)


@functools.lru_cache(maxsize=2048)
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """The tree's nodes, as `ast.walk` has them."""
    return tuple(ast.walk(tree))
