from evencell.protocol.framing import CHUNK_BYTES, Framer, checksum
from evencell.protocol.jk_balancer import ANSWER_BYTES, ANSWER_HEADER
from host_tests.portable import frame_of, frames, without_heap

NOISE = (
    b"\x00",
    b"\xeb",
    b"\xeb\xeb",
    b"\xeb\x90",
    b"\xeb\x90\x01\xff",
    b"\xff" * 200,
    b"\x55\xaa\x01\xff\x00\x00\xff",
    b"\xeb\x90" + bytes(70),
    b"\xeb\x90" * 100,
)


def offered(data: bytes, chunk_bytes: int = CHUNK_BYTES) -> list[bytes]:
    """Every frame that a framer finds in `data`, fed in chunks of this size. A checksum of 8 bits lets 1 of 256 false
    frames through, so where there is noise or damage there may be others among them."""
    framer = Framer(ANSWER_HEADER, ANSWER_BYTES)
    result = []
    for at in range(0, len(data), chunk_bytes):
        chunk = data[at : at + chunk_bytes]
        framer.feed(chunk, len(chunk))
        start = framer.find()
        while start >= 0:
            result.append(bytes(framer.buffer[start : start + ANSWER_BYTES]))
            framer.reject()
            start = framer.find()
    return result


def test_checksum_of_the_document():
    assert checksum(b"\x55\xaa\x01\xff\x00\x00", 0, 6) == 0xFF


def test_every_capture_is_found_whole():
    for frame in frames():
        assert offered(frame) == [frame]


def test_every_capture_is_found_in_pieces_of_any_size():
    for frame in frames():
        for size in range(1, ANSWER_BYTES):
            assert offered(frame, size) == [frame], size


def test_every_capture_is_found_in_two_pieces():
    for frame in frames():
        for cut in range(1, ANSWER_BYTES):
            framer = Framer(ANSWER_HEADER, ANSWER_BYTES)
            framer.feed(frame, cut)
            assert framer.find() == -1
            framer.feed(frame[cut:], ANSWER_BYTES - cut)
            assert framer.find() >= 0


def test_noise_before_and_after_loses_no_frame():
    for frame in frames():
        for noise in NOISE:
            for size in (1, 7, 74, CHUNK_BYTES):
                assert offered(noise + frame + noise + frame, size).count(frame) == 2, (noise, size)


def test_consecutive_frames_are_all_found():
    data = b"".join(frames())
    for size in (1, 13, CHUNK_BYTES):
        assert offered(data, size) == frames()


def test_every_single_byte_damaged_is_refused():
    """The checksum catches every damage of one byte; what remains is not taken for a frame."""
    for frame in frames():
        for at in range(ANSWER_BYTES):
            damaged = bytearray(frame)
            damaged[at] ^= 0x10
            assert offered(bytes(damaged)) == [], at


def test_good_frame_follows_a_damaged_one():
    first, second = frames()[:2]
    for at in range(ANSWER_BYTES):
        damaged = bytearray(first)
        damaged[at] = (damaged[at] + 1) & 0xFF
        assert second in offered(bytes(damaged) + second), at


def test_good_frame_follows_a_cut_one():
    first, second = frames()[:2]
    for cut in range(ANSWER_BYTES):
        assert second in offered(first[:cut] + second), cut


def test_rejecting_finds_the_frame_that_began_inside_a_false_one():
    frame = frame_of("4s-idle")
    false = bytearray(ANSWER_HEADER + bytes(50) + frame[: ANSWER_BYTES - 52])
    # Make the false frame's checksum right, by one of its bytes without a meaning.
    false[10] = (false[ANSWER_BYTES - 1] - checksum(false, 0, ANSWER_BYTES - 1)) & 0xFF
    data = bytes(false) + frame[ANSWER_BYTES - 52 :]
    framer = Framer(ANSWER_HEADER, ANSWER_BYTES)
    framer.feed(data, ANSWER_BYTES)
    assert framer.find() == 0
    framer.reject()
    assert framer.find() == -1
    framer.feed(data[ANSWER_BYTES:], len(data) - ANSWER_BYTES)
    start = framer.find()
    assert bytes(framer.buffer[start : start + ANSWER_BYTES]) == frame


def test_rejected_bytes_and_checksums_are_counted():
    framer = Framer(ANSWER_HEADER, ANSWER_BYTES)
    damaged = bytearray(frame_of("4s-idle"))
    damaged[30] ^= 1
    framer.feed(damaged, ANSWER_BYTES)
    assert framer.find() == -1
    framer.clear()
    assert framer.bad_checksums == 1
    assert framer.noise_bytes == ANSWER_BYTES


def test_feeding_and_finding_take_no_heap():
    framer = Framer(ANSWER_HEADER, ANSWER_BYTES)
    frame = frame_of("4s-idle")

    def exchange():
        framer.feed(NOISE[4], len(NOISE[4]))
        framer.find()
        framer.feed(frame, ANSWER_BYTES)
        framer.find()
        framer.reject()
        framer.find()

    exchange()
    without_heap(exchange)
