import json

from evencell.storage.files import from_json
from host_tests.portable import raises


def test_json_is_whole_or_none():
    for value in ({}, [], {"a": [1, {"b": "]}"}], "c": None}, [[], 0], 0, 12, "x", None, True):
        text = json.dumps(value)
        assert from_json(text) == value
        assert from_json(" %s\n" % text) == value


def test_truncated_text_is_no_json():
    for text in ('{"a": {"b": [1, 2, "]}"]}, "c": 0}', "[[0], 0]", '[{"a": 0}]'):
        for cut in range(len(text)):
            raises(ValueError, lambda cut=cut, text=text: from_json(text[:cut]))


def test_more_than_one_value_is_no_json():
    for text in ("", " ", "1, 2", "{}, {}", "{}]", "{}, 0", "], [", "{} x"):
        raises(ValueError, lambda text=text: from_json(text))
