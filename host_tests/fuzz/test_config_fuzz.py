"""Any JSON as the configuration: always a whole one, and never a password in what is said about it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evencell.config import check as config_check
from evencell.config import load as config
from evencell.runtime import lazy
from host_tests.config_rules import item_table, table
from host_tests.fuzz.profile import examples

TABLE = table()
SECRET = "hunter2-correct-horse"
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.text(max_size=50), st.just(SECRET)
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=12), inner))
)


@pytest.fixture(autouse=True)
def kept(modules_are_unloaded):  # noqa: ARG001 - that comes first
    """Three quarters of the time was loading modules again; host_tests/config checks with modules that are unloaded."""
    lazy.keep_modules(True)


def shaped(keys: dict) -> st.SearchStrategy:
    """Objects with some of these keys, their values right or anything."""
    return st.fixed_dictionaries({}, optional={key: value_of(rule) for key, rule in keys.items()})


def value_of(rule) -> st.SearchStrategy:
    if isinstance(rule, dict):
        return st.one_of(shaped(rule), ANYTHING)
    if rule.kind == "list":
        return st.one_of(st.lists(shaped(item_table(rule)), max_size=9), ANYTHING)
    return st.one_of(st.just(rule.default), ANYTHING)


def is_whole(keys: dict, completed) -> bool:
    """Whether every key is there, with a value that it may have."""
    return list(completed) == list(keys) and all(is_right(rule, completed[key]) for key, rule in keys.items())


def is_right(rule, value) -> bool:
    if isinstance(rule, dict):
        return is_whole(rule, value)
    if rule.kind == "list":
        return all(is_whole(item_table(rule), item) for item in value)
    return rule.accepts(value) or value == rule.default


@examples(50)
@given(st.one_of(shaped(TABLE), st.dictionaries(st.text(max_size=12), ANYTHING, max_size=4)))
def test_any_object_is_completed(given):
    completed, faults = config_check.check(given)
    assert is_whole(TABLE, completed)
    assert all(isinstance(fault, str) and fault for fault in faults)
    assert len(faults) <= 24


@examples(40)
@given(shaped({key: TABLE[key] for key in ("name", "packs", "mqtt")}), shaped({"wifi": TABLE["wifi"]}))
def test_what_is_completed_has_nothing_more_to_complain_about(first, second):
    completed, _ = config_check.check({**first, **second})
    again, faults = config_check.check(completed)
    assert again == completed
    assert [fault for fault in faults if "needs" not in fault] == []


def test_names_that_may_stand_in_a_topic_are_ascii():
    for name in ("\u212a", "\u0130", "pack\u0130"):
        completed, faults = config_check.check({"wifi": {"hostname": name}})
        assert completed["wifi"]["hostname"] is None, ascii(name)
        assert len(faults) == 1


SECRETS = st.sampled_from(
    [SECRET, f"http://me:{SECRET}@host/", f"{SECRET}@host:1883", f"x?token={SECRET}", f"a {SECRET}"]
)


@examples(50)
@given(shaped(TABLE), st.data())
def test_no_fault_shows_a_secret_wherever_it_stands(given, data):
    def put(value):
        """`value` with secrets in the place of some texts and keys."""
        if isinstance(value, dict):
            return {data.draw(st.sampled_from([key, key, SECRET])): put(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [put(inner) for inner in value]
        return data.draw(SECRETS) if isinstance(value, str) or value is None else value

    faults = config_check.check(put(given))[1]
    assert not any(SECRET in fault for fault in faults), faults


@examples(100)
@given(st.one_of(st.binary(max_size=200), ANYTHING.map(lambda value: json.dumps(value).encode())), st.integers(0, 99))
def test_any_file_gives_a_whole_configuration(tmp_path_factory, content, cut):
    path = tmp_path_factory.getbasetemp() / "fuzzed.json"
    path.write_bytes(content[: len(content) - cut] if cut < 50 else content)
    completed, faults, warnings = config.load(str(path))
    assert is_whole(TABLE, completed)
    assert all(isinstance(text, str) and text for text in faults + warnings)
    assert not any(SECRET in text for text in faults)
