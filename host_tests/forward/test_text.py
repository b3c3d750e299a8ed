import json

from evencell.forward.text import Text

from host_tests.portable import raises


def text_of(put) -> str:
    out = Text(64)
    put(out)
    return bytes(out.written).decode()


def test_numbers():
    assert text_of(lambda out: out.integer(-12)) == "-12"
    assert text_of(lambda out: out.tenths(235)) == "23.5"
    assert text_of(lambda out: out.tenths(-5)) == "-0.5"
    assert text_of(lambda out: out.tenths(0)) == "0.0"


def test_strings_survive_json():
    for text in ("", "pack1", 'a "quoted" \\ word', "two\nlines\ttab", "Größe Δ", "</script>"):
        assert json.loads(text_of(lambda out: out.string(text))) == text  # noqa: B023


def test_clear_begins_anew():
    out = Text(8)
    out.put(b"12345678")
    out.clear()
    out.put(b"ab")
    assert bytes(out.written) == b"ab"
    assert len(out) == 2


def test_too_long_is_refused_and_nothing_of_it_is_kept():
    out = Text(4)
    out.put(b"abc")
    assert "4" in raises(IndexError, lambda: out.put(b"de"))
    assert bytes(out.written) == b"abc"
