"""Strict JSON beside CPython's own parser: the same values, and the same texts refused."""

import json

from hypothesis import given
from hypothesis import strategies as st

from evencell.storage.strict_json import JsonError, is_utf8, parse
from host_tests.fuzz.profile import examples

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(-1e37, 1e37), st.text(max_size=12)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)),
    max_leaves=12,
)


def expected(text: str):
    """What CPython makes of it: a value, or None for what is no JSON."""

    def refuse(name):
        raise ValueError(name)

    def unique(pairs):
        if len(dict(pairs)) < len(pairs):
            raise ValueError("twice")
        return dict(pairs)

    try:
        return [json.loads(text, parse_constant=refuse, object_pairs_hook=unique)]
    except ValueError:
        return None


@examples(60)
@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_what_cpython_writes_is_read_again(value, is_ascii, indent):
    assert parse(json.dumps(value, ensure_ascii=is_ascii, indent=indent).encode()) == value


@examples(150)
@given(VALUES, st.integers(0, 200), st.integers(0, 3), st.text('{}[]",:\\ud8.eE+-0123456789tn\n', max_size=3))
def test_damaged_text_is_refused_where_cpython_refuses_it(value, at, cut, put):
    whole = json.dumps(value)
    at %= len(whole) + 1
    text = whole[:at] + put + whole[at + cut :]
    right = expected(text)
    try:
        found = [parse(text.encode())]
    except JsonError as error:
        assert 0 <= error.at <= len(text.encode())
        if right is not None:  # what only this one refuses
            assert any(word in str(error) for word in ("surrogate", "too large")), (text, str(error))
        return
    assert found == right, text


@examples(80)
@given(st.one_of(st.binary(max_size=40), st.text(max_size=20).map(str.encode)))
def test_any_bytes_are_utf_8_or_not_as_cpython_says(data):
    try:
        data.decode()
        is_right = True
    except UnicodeDecodeError:
        is_right = False
    assert is_utf8(data) == is_right
    if is_right:
        try:
            parse(data, [])
        except JsonError:
            pass
