import struct

from evencell.system.sntp_packets import echoes, fault_of, kiss_of, request, unix_ms_of

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


def test_the_question_is_of_version_4_and_says_nothing_of_us_but_the_cookie():
    question = request(COOKIE)
    assert len(question) == 48
    assert question[0] == 0x23
    assert question[1:40] == bytes(39)
    assert question[40:] == COOKIE


def test_an_answer_is_a_servers_and_echoes_the_question():
    assert echoes(answer(), COOKIE)
    assert echoes(answer() + bytes(20), COOKIE)
    assert not echoes(answer(), OTHER)
    assert not echoes(answer()[:47], COOKIE)
    assert not echoes(b"", COOKIE)
    for mode in (0, 1, 2, 3, 5, 6, 7):
        assert not echoes(answer(first=0x20 | mode), COOKIE)


def test_a_good_answer_has_no_fault():
    for stratum in (1, 15):
        for first in (0x24, 0x64, 0xA4, 0x1C):  # leap seconds, and a server of version 3
            assert fault_of(answer(first, stratum)) is None
            assert kiss_of(answer(first, stratum)) is None


def test_what_is_not_believed():
    assert fault_of(answer(first=0xE4)) == "does not know the time itself"
    assert fault_of(answer(stratum=16)) == "says stratum 16"
    assert fault_of(answer(stratum=0)) == "says stratum 0"
    assert fault_of(answer(sent=bytes(8))) == "sends no time"
    assert fault_of(answer(received=timestamp(NOW_S, 301))) == "answers before it was asked"
    assert fault_of(answer(dispersion=0x20000)) == "is not sure of its time"
    assert fault_of(answer(delay=0x40000)) == "is not sure of its time"


def test_a_kiss_of_death_is_told_by_its_code():
    assert kiss_of(answer(stratum=0, code=b"RATE")) == "RATE"
    assert kiss_of(answer(stratum=0, code=b"\n%\xffX")) == "X"


def test_both_ways_are_taken_for_equally_long():
    assert unix_ms_of(answer(), 50) == NOW_S * 1000 + 300
    assert unix_ms_of(answer(), 150) == NOW_S * 1000 + 350
    assert unix_ms_of(answer(), 0) == NOW_S * 1000 + 300  # a server that took longer than we waited


def test_the_seconds_begin_anew_in_2036():
    last_s = (1 << 32) - 1 - SINCE_1900_S
    for unix_s in (1_735_689_600, last_s, last_s + 1, 4_102_444_799):
        given = answer(received=timestamp(unix_s), sent=timestamp(unix_s))
        assert fault_of(given) is None
        assert unix_ms_of(given, 0) == unix_s * 1000
    across = answer(received=timestamp(last_s, 999), sent=timestamp(last_s + 1))
    assert fault_of(across) is None
    assert unix_ms_of(across, 3) == (last_s + 1) * 1000 + 1
