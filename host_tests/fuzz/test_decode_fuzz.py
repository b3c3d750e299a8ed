"""`evencell decode` on any bytes."""

import json

from hypothesis import given
from hypothesis import strategies as st

from host_tests.fuzz.profile import examples
from host_tests.fuzz.test_line_fuzz import NOISE
from tools.cli.decode import decode_block, decode_piece, pieces
from tools.cli.hex_text import blocks

SCALES = st.sampled_from(["auto", "0.1", "1"])


def valid(frame: bytes) -> bytes:
    """`frame` with the right checksum."""
    return frame[:-1] + bytes([sum(frame[:-1]) & 0xFF])


STATUS = st.binary(min_size=70, max_size=70).map(lambda content: valid(b"\xeb\x90\x01\xff" + content))
ANY_ANSWER = st.binary(min_size=72, max_size=72).map(lambda content: valid(b"\xeb\x90" + content))
ANY_REQUEST = st.binary(min_size=5, max_size=5).map(lambda content: valid(b"\x55\xaa" + content))


@examples(200)
@given(st.lists(st.one_of(NOISE, STATUS, ANY_ANSWER, ANY_REQUEST), max_size=3).map(b"".join), SCALES)
def test_every_byte_is_in_one_piece_and_every_piece_is_listed(data, scale):
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


LINE = st.one_of(
    st.text(max_size=60),
    st.text("0123456789abcdefABCDEF: \n", max_size=60),
    STATUS.map(lambda frame: "[12:34:56][D][uart_debug:114]: <<< " + frame.hex(":").upper()),
    ANY_ANSWER.map(lambda frame: ", ".join(f"0x{byte:02X}" for byte in frame)),
)


@examples(200)
@given(st.lists(LINE, max_size=5).map("\n".join))
def test_any_text_is_blocks_of_bytes_or_errors(text):
    for block in blocks(text):
        assert bool(block.data) != bool(block.error)
        for decoded in decode_block(block, "auto"):
            assert decoded["valid"] or decoded["error"]


@examples(100)
@given(STATUS, st.lists(st.text(max_size=60), max_size=3), st.lists(st.text(max_size=60), max_size=3))
def test_no_text_around_a_line_of_a_log_spoils_it(frame, before, after):
    line = "[12:34:56][D][uart_debug:114]: <<< " + frame.hex(":").upper()
    found = list(blocks("\n".join([*before, line, *after])))
    assert any(frame in block.data for block in found)
