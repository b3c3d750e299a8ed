"""Strict JSON on every interpreter: what it takes, what it refuses, and where."""

import json

from evencell.storage.json_faults import position
from evencell.storage.strict_json import JsonError, is_utf8, parse
from host_tests.portable import raises

BATTERY = b"\xf0\x9f\x94\x8b".decode()

RIGHT = (
    "{}", "[]", " [ ] ", '""', "0", "-0", "7", "-12", "1.5", "-0.25", "1e3", "1E-2", "true", "false", "null", '"é…"',
    '{"a": [1, {"b": null}], "c": "d"}', '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac"', '\r\n\t{"a"\n:\t1 }\n',
    "123456789012345678901234567890", '{"a":{"b":{"c":{"d":[[]]}}}}',
)  # fmt: skip

# Text, index of the byte where the fault is, and a part of the reason.
WRONG = (
    ("", 0, "ends too early"),
    ("{", 1, "ends too early"),
    ('{"a": 1', 7, "ends too early"),
    ('{"a" 1}', 5, "expected a colon"),
    ('{"a": 1 "b": 2}', 8, "expected a comma or }"),
    ('{"a": 1,}', 8, "expected a key"),
    ('{,"a": 1}', 1, "expected a key"),
    ("{a: 1}", 1, "expected a key"),
    ("{'a': 1}", 1, "straight double quote"),
    ("{\u201ca\u201d: 1}", 1, "straight double quote"),
    ('{"a":}', 5, "expected a value"),
    ("[1 2]", 3, "expected a comma or ]"),
    ("[1,]", 3, "expected a value"),
    ("[,1]", 1, "expected a value"),
    ("[True]", 1, "expected a value"),
    ("[truest]", 5, "expected a comma or ]"),
    ("NaN", 0, "expected a value"),
    ("-Infinity", 0, "no number"),
    ("+1", 0, "expected a value"),
    ("01", 0, "no number"),
    ("-01", 0, "no number"),
    ("01.5", 0, "no number"),
    ("-00e1", 0, "no number"),
    ("1.", 0, "no number"),
    ("1.e5", 0, "no number"),
    (".5", 0, "expected a value"),
    ("1e", 0, "no number"),
    ("1-2", 0, "no number"),
    ("[1e400]", 1, "too large"),
    ("-1e400", 0, "too large"),
    ("9" * 40, 0, "too large"),
    ("9" * 5000, 0, "too large"),
    ("1 2", 2, "goes on"),
    ("{} }", 3, "goes on"),
    ("// x\n1", 0, "no comments"),
    ('{"a": 1 # x\n}', 8, "no comments"),
    ('"a', 0, "no closing quote"),
    ('["a\n"]', 1, "closing quote missing"),
    ('"a\\q"', 2, "written twice"),
    ('"\\u12g4"', 1, "written twice"),
    ('"\\u12"', 1, "written twice"),
    ('"\\ud83d"', 1, "surrogate"),
    ('"a\\udd0b\\ud83d"', 2, "surrogate"),
    ('"\\ud83dx"', 1, "surrogate"),
    ('{"a": 1, "a": 2}', 9, "twice"),
    ("[" * 11 + "]" * 11, 10, "more than 10 levels"),
)


def error_of(text: str) -> JsonError:
    try:
        parse(text.encode())
    except JsonError as error:
        return error
    raise AssertionError(text)


def test_valid_json_is_parsed():
    for text in RIGHT:
        value = parse(text.encode())
        assert value == json.loads(text), text
        assert type(value) is type(json.loads(text)), text


def test_syntax_error_has_position_and_reason():
    for text, at, reason in WRONG:
        error = error_of(text)
        assert error.at == at, (text, error.at)
        assert reason in str(error), (text, str(error))


def test_truncated_text_ends_the_parser():
    text = '{"a": [1.5, -2, {"b": "c\\u00e9\\"d"}], "e": {"f": [true, false, null]}}'
    parse(text.encode())
    for cut in range(len(text)):
        error_of(text[:cut])


def test_surrogate_pairs_are_joined():
    assert parse(b'"a \\ud83d\\udd0b\\uD83D\\uDD0B"') == "a " + 2 * BATTERY
    assert parse(b'{"\\ud83d\\udd0b": 1}') == {BATTERY: 1}
    assert parse(b'"\\ud83d\\udd0b"').encode() == b"\xf0\x9f\x94\x8b"


def test_lenient_parser_tolerates_faults_of_single_values():
    repeated = []
    value = parse(
        b'{"a": {"b": 1, "b": 2}, "c": [0, {"d": 1, "d": 3, "e": "\\ud83d\\ud83d\\udd0b"}], "f": 1e400}', repeated
    )
    assert repeated == ["a.b", "c[1].d"]
    assert (value["a"], value["c"][1]["d"]) == ({"b": 2}, 3)
    assert value["c"][1]["e"] == "\ufffd" + BATTERY
    assert 1e37 < value["f"] < 1e39
    assert -1e39 < parse(b"-1e400", []) < -1e37


def test_a_position_is_a_line_and_a_column():
    data = '{\n "ä€": 1,\r\n x'.encode()
    assert position(data, 0) == (1, 1)
    assert position(data, 3) == (2, 2)
    assert position(data, data.find(b"1")) == (2, 8)
    assert position(data, data.find(b"x")) == (3, 2)
    assert position(data, len(data)) == (3, 3)


def test_invalid_utf_8_is_refused():
    for right in (b"", b"abc", "äö€".encode(), b"\xf0\x9f\x94\x8b", "\ufffd\uffff".encode()):
        assert is_utf8(right), right
    wrongs = (
        b"\xff", b"\x80", b"K\xfcche", b"abc\xe2\x82", b"\xed\xa0\xbd", b"\xed\xb4\x8bx", b"\xc0\x80", b"\xe0\x80\xaf",
        b"\xf5\x90\x80\x80", b"\xf8\x88\x80\x80\x80",
    )  # fmt: skip
    for wrong in wrongs:
        assert not is_utf8(wrong), wrong


def test_every_error_is_a_value_error():
    assert raises(ValueError, lambda: parse(b"x"))
