"""Packets of SNTP: the request, and what a response must be to be believed."""

import struct

from evencell.clock.sntp_query import fault_of, is_response, kiss_of, request, unix_ms_of

COOKIE = bytes(range(8))
OTHER = bytes(range(1, 9))
SINCE_1900_S = 2_208_988_800
NOW_S = 1_800_000_000
DELAY, DISPERSION = 0x1000, 0x0800  # 2^-16 s


def timestamp(unix_s: int, milliseconds: int = 0) -> bytes:
    """NTP's 64 bits; its seconds begin anew in 2036."""
    return struct.pack(">II", (unix_s + SINCE_1900_S) & 0xFFFFFFFF, (milliseconds << 32) // 1000 + 1)


def answer(
    first=0x24, stratum=2, cookie=COOKIE, received=None, sent=None, delay=DELAY, dispersion=DISPERSION, code=b"GPS\0"
) -> bytes:
    """A good answer but for what is given."""
    received = received or timestamp(NOW_S, 250)
    sent = sent or timestamp(NOW_S, 300)
    head = bytes((first, stratum, 6, 0xEC)) + struct.pack(">II", delay, dispersion) + code
    return head + timestamp(NOW_S - 60) + cookie + received + sent


def test_request_is_of_version_4_and_holds_only_the_cookie():
    sent = request(COOKIE)
    assert len(sent) == 48
    assert sent[0] == 0x23
    assert sent[1:40] == bytes(39)
    assert sent[40:] == COOKIE


def test_response_comes_from_a_server_and_echoes_the_cookie():
    assert is_response(answer(), COOKIE)
    assert is_response(answer() + bytes(20), COOKIE)
    assert not is_response(answer(), OTHER)
    assert not is_response(answer()[:47], COOKIE)
    assert not is_response(b"", COOKIE)
    for mode in (0, 1, 2, 3, 5, 6, 7):
        assert not is_response(answer(first=0x20 | mode), COOKIE)


def test_good_response_has_no_fault():
    for stratum in (1, 15):
        for first in (0x24, 0x64, 0xA4, 0x1C):  # leap seconds, and a server of version 3
            assert fault_of(answer(first, stratum)) is None
            assert kiss_of(answer(first, stratum)) is None


def test_faults_of_a_response_are_named():
    assert fault_of(answer(first=0xE4)) == "the server is not synchronised"
    assert fault_of(answer(stratum=16)) == "stratum 16"
    assert fault_of(answer(stratum=0)) == "stratum 0"
    assert fault_of(answer(sent=bytes(8))) == "the response has no time"
    assert fault_of(answer(received=timestamp(NOW_S, 301))) == "the response was sent before the request came"
    assert fault_of(answer(dispersion=0x20000)) == "the time may be wrong by more than 1.5 s"
    assert fault_of(answer(delay=0x40000)) == "the time may be wrong by more than 1.5 s"


def test_kiss_of_death_has_its_code():
    assert kiss_of(answer(stratum=0, code=b"RATE")) == "RATE"
    assert kiss_of(answer(stratum=0, code=b"\n%\xffX")) == "X"


def test_half_of_the_round_trip_is_added():
    assert unix_ms_of(answer(), 50) == NOW_S * 1000 + 300
    assert unix_ms_of(answer(), 150) == NOW_S * 1000 + 350
    assert unix_ms_of(answer(), 0) == NOW_S * 1000 + 300  # a server that took longer than we waited


def test_timestamps_wrap_in_2036():
    last_s = (1 << 32) - 1 - SINCE_1900_S
    for unix_s in (1_735_689_600, last_s, last_s + 1, 4_102_444_799):
        given = answer(received=timestamp(unix_s), sent=timestamp(unix_s))
        assert fault_of(given) is None
        assert unix_ms_of(given, 0) == unix_s * 1000
    across = answer(received=timestamp(last_s, 999), sent=timestamp(last_s + 1))
    assert fault_of(across) is None
    assert unix_ms_of(across, 3) == (last_s + 1) * 1000 + 1
