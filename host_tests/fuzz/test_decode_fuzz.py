"""`evencell decode` on any bytes."""

import json

import click
from hypothesis import given
from hypothesis import strategies as st

from host_tests.fuzz.profile import examples
from host_tests.fuzz.test_line_fuzz import RUBBISH
from tools.decode import decode_piece, pieces, to_bytes

SCALES = st.sampled_from(["auto", "0.1", "1"])


def valid(frame: bytes) -> bytes:
    """`frame` with the right checksum."""
    return frame[:-1] + bytes([sum(frame[:-1]) & 0xFF])


STATUS = st.binary(min_size=70, max_size=70).map(lambda content: valid(b"\xeb\x90\x01\xff" + content))
ANY_ANSWER = st.binary(min_size=72, max_size=72).map(lambda content: valid(b"\xeb\x90" + content))
ANY_REQUEST = st.binary(min_size=5, max_size=5).map(lambda content: valid(b"\x55\xaa" + content))


@examples(200)
@given(st.lists(st.one_of(RUBBISH, STATUS, ANY_ANSWER, ANY_REQUEST), max_size=3).map(b"".join), SCALES)
def test_every_byte_is_in_one_piece_and_every_piece_is_told(data, scale):
    found = list(pieces(data))
    assert b"".join(found) == data
    for piece in found:
        decoded = decode_piece(piece, scale)
        assert decoded["valid"] or decoded["error"]
        json.dumps(decoded, allow_nan=False)


@examples(100)
@given(st.one_of(STATUS, ANY_ANSWER, ANY_REQUEST))
def test_a_frame_that_fits_is_one_piece(frame):
    assert list(pieces(frame)) == [frame]


@examples(200)
@given(st.one_of(st.text(max_size=60), st.text("0123456789abcdefABCDEF: \n", max_size=60)))
def test_any_text_is_bytes_or_a_usage_error(text):
    try:
        assert to_bytes(text)
    except click.UsageError:
        pass
