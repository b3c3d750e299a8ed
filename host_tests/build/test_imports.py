"""The import graph: who imports what, when, and where it leads."""

import pytest

from tools.build.imports import Imports, circles, graph, in_order, module_of, packages_of, reached

KNOWN = ("a", "a.b", "a.b.c", "a.b.d", "a.e")


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        ("import os, a.b\n", {"os", "a.b"}),
        ("from a.b import name\n", {"a.b"}),
        ("from a.b import c, name\n", {"a.b", "a.b.c"}),
        ("from outside.it import name\n", {"outside.it"}),
        ("class Thing:\n    import a.e\n", {"a.e"}),
        ("try:\n    import a.e\nexcept ImportError:\n    pass\n", {"a.e"}),
    ],
)
def test_what_stands_outside_functions_is_imported_with_the_module(text, modules):
    imports = Imports(text, KNOWN)
    assert imports.at_import == modules and not imports.in_functions


def test_what_stands_in_a_function_is_imported_later():
    imports = Imports("def f():\n    if 1:\n        from a.b import name\nasync def g():\n    import a.e\n", KNOWN)
    assert (imports.at_import, imports.in_functions) == (set(), {"a.b", "a.e"})


@pytest.mark.parametrize(
    "text", ['call("a.b", "name")\n', 'X = "a.b"\nscope.load(X)\n', 'with lazy("a.b") as b: ...\n']
)
def test_modules_loaded_by_name_are_imported_later(text):
    imports = Imports(text, KNOWN)
    assert imports.loaded == imports.named == imports.lazily == {"a.b"}


@pytest.mark.parametrize("text", ['X = {"a.b": 1}\n', 'forget("a.b")\n', 'if "a.b" in modules: ...\n'])
def test_a_module_that_is_only_named_is_not_loaded(text):
    imports = Imports(text, KNOWN)
    assert (imports.named, imports.lazily) == ({"a.b"}, set())


def test_a_string_that_ends_in_a_dot_is_the_beginning_of_names():
    assert Imports('load("a.b." + name)\n', KNOWN).by_prefix == {"a.b.c", "a.b.d"}


@pytest.mark.parametrize("text", ["import a.b.c\n", "from a.b import c\n", "from a.b.c import name as n\n"])
def test_bound_and_renamed_modules_are_distinguished(text):
    assert Imports(text, KNOWN).as_module == {"a.b.c"}
    assert Imports("from a.b.c import name\n", KNOWN).as_module == set()


def test_a_graph_knows_the_modules_of_its_texts():
    found = graph({"a.x": "from a import y\n", "a.y": "from a import z\n"})
    assert {module: imports.at_import for module, imports in found.items()} == {"a.x": {"a.y"}, "a.y": {"a"}}


def test_import_cycles_are_found():
    edges = {"in": {"a"}, "a": {"b"}, "b": {"c"}, "c": {"a", "out"}, "out": set(), "self": {"self"}}
    assert circles(edges) == [["a", "b", "c"], ["self"]]
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []


def test_reachable_modules_are_returned_in_order():
    edges = {"a": {"c", "b"}, "b": {"c"}, "x": {"a"}}
    assert reached({"a"}, edges) == {"a", "b", "c"}
    assert in_order(["a", "x"], edges) == ["c", "b", "a", "x"]


def test_module_names_of_files_and_packages():
    assert [module_of(name) for name in ("a/b.py", "a/b/__init__.py")] == ["a.b", "a.b"]
    assert packages_of("a.b.c") == {"a", "a.b"}
