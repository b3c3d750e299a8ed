"""QR codes, read by a decoder that is not ours: zxing-cpp."""

import pytest
import zxingcpp

from evencell.display.render.qr import MAX_BYTES, encode
from tools.screens.png import enlarged
from tools.screens.sheets import pictures

ADDRESS = "http://192.168.178.123/"
_MARGIN = 4
_TIMES = 4


def read(grey: list[list[int]]) -> list[str]:
    """The texts of all codes in a picture, given as rows of brightness from 0 to 255."""
    picture = memoryview(bytes(value for row in grey for value in row)).cast("B", (len(grey), len(grey[0])))
    return [code.text for code in zxingcpp.read_barcodes(picture)]


def printed(rows: list[int]) -> list[list[int]]:
    """Black on white, with the margin that the standard wants."""
    size = len(rows)
    side = size + 2 * _MARGIN
    modules = [[255] * side for _ in range(side)]
    for y, bits in enumerate(rows):
        for x in range(size):
            modules[y + _MARGIN][x + _MARGIN] = 0 if bits >> (size - 1 - x) & 1 else 255
    return [[value for value in row for _ in range(_TIMES)] for row in modules for _ in range(_TIMES)]


@pytest.mark.parametrize(
    "text",
    [ADDRESS, "http://255.255.255.255:65535/", "http://[fe80::1]/", "x", "", "~" * MAX_BYTES, "ä" * (MAX_BYTES // 2)],
)
def test_a_reader_reads_what_was_written(text):
    assert "".join(read(printed(encode(text)))) == text


@pytest.mark.parametrize(("size", "most"), [(25, 32), (29, 53), (33, 78)])
def test_the_smallest_version_that_fits_is_chosen(size, most):
    text = "".join(chr(33 + i * 7 % 90) for i in range(most))
    assert len(encode(text)) == size
    assert read(printed(encode(text))) == [text]
    if most < MAX_BYTES:
        assert len(encode(text + "x")) == size + 4


@pytest.mark.parametrize("length", range(MAX_BYTES))
def test_a_text_of_every_length_can_be_read(length):
    text = "".join(chr(35 + (i * i + length) % 80) for i in range(length + 1))
    assert read(printed(encode(text))) == [text]


def test_every_last_number_of_an_address_can_be_read():
    texts = [f"http://192.168.{number % 7}.{number}/" for number in range(256)]
    assert [read(printed(encode(text))) for text in texts] == [[text] for text in texts]


def test_what_is_too_long_is_refused():
    with pytest.raises(ValueError):
        encode("x" * (MAX_BYTES + 1))


def test_the_code_on_each_display_can_be_read():
    """As it is lit, in front of the display's dark; the smallest display has no room for one."""
    found = {}
    for size, pages in pictures("at_rest").items():
        grey = [list(row[::3]) for row in surrounded(pages["device"])]
        found[size] = read(grey)
    assert found.pop((128, 32)) == []
    assert found == {size: [ADDRESS] for size in found}


@pytest.mark.parametrize(
    ("scenario", "text"),
    [("setup", "WIFI:T:WPA;S:evencell-3d49aa;P:k7mzq2hxwb;;"), ("setup_done", "http://192.168.178.123/")],
)
def test_the_code_of_setup_mode_can_be_read_on_each_display(scenario, text):
    found = {}
    for size, pages in pictures(scenario).items():
        found[size] = read([list(row[::3]) for row in surrounded(pages["setup"])])
    assert found.pop((128, 32)) == []
    assert found == {size: [text] for size in found}


def surrounded(picture: list[bytes]) -> list[bytes]:
    """As a phone's camera sees it: each pixel is many, and there is dark around the display."""
    border = bytes(3) * 12
    rows = [border + row + border for row in enlarged(picture, 3)]
    dark = [bytes(len(rows[0]))] * 12
    return dark + rows + dark
