from evencell.text import decode_text
from host_tests.portable import ON_MICROPYTHON


def test_plain_text_is_unchanged():
    for text in ("", "plain 'text' \\ ~", "Zelle ⚡ 3,3 V – Größe", "Akku \U0001f50b"):
        assert decode_text(text.encode(), 99) == text
        assert decode_text(bytearray(text.encode()), 99) == text
        assert decode_text(memoryview(text.encode()), 99) == text
        assert decode_text(text, 99) == text


def test_bytes_that_are_not_utf8_are_escaped():
    for data, text in (
        (b"a\xffb", "a\\xffb"),
        (b"\xe9t\xe9", "\\xe9t"),  # Latin-1, whose end may be a cut character
        (b"\xc0\x80", "\\xc0\\x80"),  # an overlong NUL
        (b"\xed\xa0\xbd", "\\xed\\xa0\\xbd"),  # a lone surrogate
        (b"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"),  # beyond Unicode
        (b"\xe2\x82A", "\\xe2\\x82A"),
        (b"\x80", "\\x80"),
    ):
        assert decode_text(data, 99) == text


def test_a_character_cut_by_the_limit_is_left_out():
    data = "ab⚡".encode()
    for most_bytes, text in ((1, "a"), (2, "ab"), (3, "ab"), (4, "ab"), (5, "ab⚡")):
        assert decode_text(data, most_bytes) == text
        assert decode_text(data[:most_bytes], 99) == text
    assert decode_text("a" * 1000, 10) == "a" * 10


def test_control_characters_are_escaped():
    assert decode_text(b"\x1b[2Jok\r\n\0\x7f", 99) == "\\x1b[2Jok\\x0d\\x0a\\x00\\x7f"
    assert decode_text("\u009b31m\u00a0".encode(), 99) == "\\xc2\\x9b31m\u00a0"
    assert decode_text(b"a\tb\r\n\x1b", 99, is_one_line=False) == "a\tb\r\n\\x1b"


def test_any_bytes_become_text_that_is_utf8():
    for first in range(256):
        for second in range(0, 256, 5):
            text = decode_text(bytes((first, second, 0x80, second)), 4)
            assert str(text.encode(), "utf-8") == text
            assert all(" " <= character != "\x7f" for character in text)


def test_a_lone_surrogate_in_a_text_is_escaped():
    lone = str(b'"\xed\xa0\xbd"', "utf-8") if ON_MICROPYTHON else '"\ud83d"'
    assert decode_text(lone, 99) == '"\\xed\\xa0\\xbd"'
