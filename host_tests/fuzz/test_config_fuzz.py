"""Any JSON as the configuration: always a whole one, and never a password in what is said about it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from evencell.system import config, config_check
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


def with_secrets(given):
    """`given`, with a password that must be hidden wherever the table has one."""
    for network in given.get("wifi", {}).get("networks", []):
        network["password"] = SECRET * 4
    given.setdefault("mqtt", {})["password"] = [SECRET]
    return given


def only_known(given):
    """Keys and kinds as in the table, so that passwords can be put where they belong."""
    mqtt, wifi = given.get("mqtt"), given.get("wifi")
    networks = wifi.get("networks") if isinstance(wifi, dict) else None
    is_shaped = isinstance(networks, list) and all(isinstance(item, dict) for item in networks)
    return {
        **given,
        "mqtt": mqtt if isinstance(mqtt, dict) else {},
        "wifi": {"networks": networks if is_shaped else [{}]},
    }


@examples(50)
@given(st.one_of(shaped(TABLE), st.dictionaries(st.text(max_size=12), ANYTHING, max_size=4)))
def test_any_object_is_completed(given):
    faults = []
    completed = config_check.complete(given, faults)
    config_check.reconcile(completed, faults)
    assert is_whole(TABLE, completed)
    assert all(isinstance(fault, str) and fault for fault in faults)
    config.secrets(completed)


@examples(40)
@given(shaped({key: TABLE[key] for key in ("name", "packs", "mqtt")}), shaped({"wifi": TABLE["wifi"]}))
def test_what_is_completed_has_nothing_more_to_complain_about(first, second):
    completed = config_check.complete({**first, **second}, [])
    again = []
    assert config_check.complete(completed, again) == completed
    assert [fault for fault in again if "needed" not in fault] == []


def test_names_that_may_stand_in_a_topic_are_ascii():
    for name in ("\u212a", "\u0130", "pack\u0130"):
        faults = []
        completed = config_check.complete({"wifi": {"hostname": name}}, faults)
        assert completed["wifi"]["hostname"] is None, ascii(name)
        assert len(faults) == 1


# Other texts may say anything; the secret stands in places for passwords only.
CLEAN = st.one_of(st.none(), st.integers(), st.text("abc", max_size=8))
NETWORKS = st.lists(st.fixed_dictionaries({}, optional={"ssid": CLEAN, "extra": CLEAN}), max_size=10)


@examples(100)
@given(st.fixed_dictionaries({"wifi": st.fixed_dictionaries({"networks": NETWORKS})}))
def test_no_fault_shows_a_password(given):
    faults = []
    config_check.complete(with_secrets(only_known(given)), faults)
    assert faults
    assert not any(SECRET in fault for fault in faults)


@examples(80)
@given(st.one_of(st.binary(max_size=200), ANYTHING.map(lambda value: json.dumps(value).encode())))
def test_any_file_gives_a_whole_configuration(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "fuzzed.json"
    path.write_bytes(content)
    completed, faults = config.load(str(path))
    assert is_whole(TABLE, completed)
    assert all(isinstance(fault, str) and fault for fault in faults)
