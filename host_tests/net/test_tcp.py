"""Pieces of a message that leave in whole segments."""

from evencell.net.tcp import SEGMENT_BYTES, SendBuffer


def sent(pieces):
    """What leaves, segment by segment."""
    buffer, iterator, segments, rest = SendBuffer(), iter(pieces), [], b""
    while rest is not None:
        buffer.clear()
        rest = buffer.fill(iterator, rest)
        segments.append(bytes(buffer.content()))
    return segments


def test_small_pieces_leave_together():
    assert sent([b"one", b"", "zwölf", bytearray(b"2"), memoryview(b"3")]) == [b"onezw\xc3\xb6lf23"]


def test_exact_fit_is_sent_in_one_segment():
    assert sent([bytes(SEGMENT_BYTES - 1), b"1"]) == [bytes(SEGMENT_BYTES - 1) + b"1"]


def test_large_pieces_are_cut():
    data = b"".join([b"%06d" % number for number in range(700)])
    for size in (1, 7, 256, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, len(data)):
        segments = sent([data[at : at + size] for at in range(0, len(data), size)])
        assert b"".join(segments) == data
        assert [len(segment) for segment in segments] == 3 * [SEGMENT_BYTES]


def test_an_iterator_may_pause_and_go_on():
    def pieces():
        for number in range(3):
            yield b"%d" % number
            yield None

    buffer, iterator = SendBuffer(), pieces()
    for number in range(3):
        assert buffer.fill(iterator) is None
        assert bytes(buffer.content()) == b"%d" % number
        buffer.clear()
    assert buffer.fill(iterator) is None
    assert len(buffer.content()) == 0


def test_full_buffer_refuses_more():
    buffer = SendBuffer()
    rest = buffer.fill(iter([bytes(SEGMENT_BYTES), b"more"]))
    assert bytes(rest) == b"more"
    assert bytes(buffer.fill(iter([b"others"]), rest)) == b"more"
    assert bytes(buffer.content()) == bytes(SEGMENT_BYTES)
