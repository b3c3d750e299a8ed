"""The code on the page about the device: made once for each address."""

from evencell.display.render import code


def test_qr_code_is_encoded_once_per_text():
    made = []

    def call(module: str, function: str, text: str):
        made.append(text)
        return really_call(module, function, text)

    really_call, code.call = code.call, call
    try:
        rows = [code.rows_of(text) for text in ("http://a/", "http://a/", "http://b/", "http://b/", "http://a/")]
    finally:
        code.call = really_call
    a, b = rows[0], rows[2]
    assert a != b and rows == [a, a, b, b, a]
    assert made == ["http://a/", "http://b/", "http://a/"]
