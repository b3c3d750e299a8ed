"""Syntax trees of sources, parsed once. They are shared: to be read, not changed."""

import ast
import functools


@functools.lru_cache(maxsize=2048)
def parsed(text: str) -> ast.Module:
    """The syntax tree of a text."""
    return ast.parse(text)


@functools.lru_cache(maxsize=2048)
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """The tree's nodes in the order of `ast.walk`, without those that say whether a name is read or assigned."""
    found = [tree]
    for node in found:  # grows meanwhile
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, list):
                found += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                found.append(value)
    return tuple(found)
