"""Frames of other protocols, recorded by owners or printed in public documentation; sources: link/foreign.py."""

from evencell.link.foreign import checksum_bits, examine, frame_at, identify
from host_tests.portable import frame_of

BUFFER_BYTES = 170  # of a line
ANSWER = frame_of("4s-idle")

FRAMES = (
    ("JK BMS", "4e5700130000000006030000000000006800000129"),
    ("JK BMS of the PB series, or JK's Bluetooth side", "55aaeb90" + "0200ad0e520e530e" + 287 * "00" + "f8"),
    ("JK's Bluetooth side", "aa5590eb97000000000000000000000000000011"),
    ("JK's Bluetooth side", "aa5590ebc8010100000000000000000000000044"),
    ("NEEY or Heltec balancer", "aa5511010100140000000000000000000000faff"),
    ("NEEY or Heltec balancer", "aa551101010014000000000000000000000026ff"),
    ("Daly BMS", "a540900800000000000000007d"),
    ("Daly BMS", "a501900802fc000075a1000052"),
    ("Daly BMS", "d2030000003ed7b9"),
    ("JBD BMS", "dda50300fffd77"),
    (
        "JBD BMS",
        "dd030022055f00004adf4e2000022d1400000000000023600304010bb10000004e204adf0000fac277",
    ),
    ("ANT BMS", "7ea1010000be1855aa55"),
    ("ANT BMS", "7ea10200000219a0aa55"),
    ("Modbus RTU", "0103020cd8bd1e"),
    ("Modbus RTU", "01101620000102 0000d6f1".replace(" ", "")),
    ("Modbus RTU", "001016200001059a"),
    ("BMS with the ASCII protocol of Pylontech, Pace or Seplos", b"~25014642E00201FD30\r".hex()),
    ("BMS with the ASCII protocol of Pylontech, Pace or Seplos", b"~25014644E00201FD2E\r".hex()),
)


def frames():
    for name, text in FRAMES:
        yield name, bytes.fromhex(text)


def test_each_protocol_is_identified_among_other_bytes():
    for name, frame in frames():
        assert frame_at(frame, 0, len(frame)) == (name, len(frame)), name
        assert identify(frame, 0, len(frame)) == name
        assert identify(b"\x55" + frame, 0, len(frame) + 1) == name
        surrounded = b"\xfe\x00" + frame + b"\x55"
        found = identify(surrounded, 0, len(surrounded))
        assert found == ("" if name == "Modbus RTU" else name)  # that begins or ends what was heard


def test_frame_with_a_wrong_checksum_is_not_identified():
    for name, frame in frames():
        for at in range(len(frame)):
            damaged = bytearray(frame)
            damaged[at] ^= 0x04
            if name == "JBD BMS" and at == 1:
                continue  # its checksum leaves the command out
            assert frame_at(damaged, 0, len(frame)) == ("", 0), (name, at)


def test_frame_that_is_cut_short_is_not_identified():
    for name, frame in frames():
        for length in range(len(frame)):
            assert frame_at(frame[:length], 0, length) == ("", 0), (name, length)


def test_long_frame_is_identified_by_header_and_length():
    name, frame = next(found for found in frames() if len(found[1]) == 300)
    assert identify(frame[:12], 0, 300) == name
    assert identify(frame[:12], 0, 299) == ""


def test_frames_of_the_balancer_are_not_identified():
    for frame in (ANSWER, b"\x55\xaa\x01\xff\x00\x00\xff"):
        assert frame_at(frame, 0, len(frame)) == ("", 0)
    assert examine(b"\x00" + ANSWER, 0, len(ANSWER) + 1) == ("", -1)


def test_checksum_at_the_end_is_found():
    body = bytes(range(40, 60))
    total = sum(body)
    for tail, bits in (
        (bytes((total >> 8, total & 0xFF)), 16),
        (bytes((total & 0xFF, total >> 8)), 16),
        (bytes((-total >> 8 & 0xFF, -total & 0xFF)), 16),
        (bytes((total & 0xFF,)), 8),
        (b"\x99", 0),
        (b"\x99\x12", 0),
    ):
        frame = body + tail
        assert checksum_bits(frame, 0, len(frame)) == bits, tail
    assert checksum_bits(b"\x00" * 9, 0, 9) == 0
    assert checksum_bits(b"\xff" * 9, 0, 9) == 0


def test_right_checksum_is_evidence_of_an_unknown_protocol():
    body = bytes(range(40, 60))
    total = sum(body)
    assert examine(body + bytes((total & 0xFF,)), 0, 21) == ("", total & 0xFF)
    assert examine(body + bytes((total >> 8, total & 0xFF)), 0, 22) == ("", 256)
    assert examine(body, 0, BUFFER_BYTES + 1) == ("", -1)
    assert examine(bytes.fromhex("dda50300fffd77"), 0, 7) == ("JBD BMS", -1)
