"""Framing and exchange against any bytes, however chopped."""

from hypothesis import given
from hypothesis import strategies as st

from evencell.protocol.framing import CHUNK_BYTES
from host_tests.fuzz.machines import offered, query_through
from host_tests.fuzz.profile import examples
from host_tests.portable import frame_of, frames

FRAMES = frames()
PIECES = st.one_of(
    st.binary(max_size=160),
    st.sampled_from([b"\xeb", b"\xeb\x90", b"\xeb\x90\x01\xff", b"\x55\xaa\x01\xff\x00\x00\xff", b"\xeb\x90" * 60]),
    st.builds(lambda frame, cut: frame[:cut], st.sampled_from(FRAMES), st.integers(0, 74)),
    st.sampled_from(FRAMES),
)
NOISE = st.lists(PIECES, max_size=5).map(b"".join)
SIZES = st.lists(st.integers(1, CHUNK_BYTES), min_size=1, max_size=8)


@examples(250)
@given(NOISE, st.sampled_from(FRAMES), NOISE, SIZES)
def test_good_frame_is_found_after_and_before_any_noise(before, frame, behind, sizes):
    assert frame in offered(before + frame + behind, sizes)


@examples(150)
@given(NOISE, SIZES)
def test_what_is_found_was_sent(data, sizes):
    for frame in offered(data, sizes):
        assert frame in data


# Much is said, and a port that was not looked at for a while hands out full chunks.
TALK = st.lists(st.one_of(PIECES, st.sampled_from(FRAMES)), min_size=2, max_size=8).map(b"".join)
LOOKS = st.lists(st.one_of(st.integers(0, CHUNK_BYTES), st.sampled_from([0, 73, 75, CHUNK_BYTES])), max_size=30)


def chopped(data: bytes, sizes: list[int]) -> list[bytes]:
    """`data` as a port hands it out: a size of 0 is a look in vain."""
    chunks = []
    for size in sizes:
        chunks.append(data[:size])
        data = data[size:]
    return [*chunks, *(data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES))]


@examples(250)
@given(TALK, LOOKS, st.integers(1, 4))
def test_every_exchange_ends(data, sizes, asks):
    for answer in query_through(chopped(data, sizes), asks):
        assert answer is None or answer in data


def test_answer_after_silence_is_found():
    frame = frame_of("4s-idle")
    looks = [b""] * 2 + [frame]
    assert query_through(looks, 1) == [frame]
