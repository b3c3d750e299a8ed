from evencell.runtime.log import Log
from host_tests.fakes import FakeClock


def log_of(level: str = "info") -> Log:
    return Log(FakeClock(), level, 8192)


def test_a_line_has_seconds_level_and_text():
    log = log_of()
    log._clock.now_ms = 12_345
    log.warning("link stale")
    assert log.lines() == ["12 warning link stale"]


def test_control_characters_are_escaped():
    log = log_of()
    log.warning("key \x1b[2J\x1b]0;x\x07 of \x7f\u009b31m\rone\ntwo")
    assert log.lines() == ["0 warning key \\x1b[2J\\x1b]0;x\\x07 of \\x7f\\xc2\\x9b31m\\x0done two"]
    log.warning("22 °C … ok")
    assert log.lines()[1] == "0 warning 22 °C … ok"


def test_lines_below_the_level_are_dropped():
    log = log_of("warning")
    log.debug("a")
    log.info("b")
    log.warning("c")
    log.error("d")
    assert log.lines() == ["0 warning c", "0 error d"]


def test_a_traceback_is_kept_line_by_line():
    log = log_of()
    try:
        raise ValueError("broken")
    except ValueError as error:
        log.exception(error, "poller")
    lines = log.lines()
    assert lines[0] == "0 error poller failed"
    assert "broken" in lines[-1]


def test_a_larger_ring_keeps_what_the_smaller_one_had():
    log = Log(FakeClock(), ring_bytes=64)
    for number in range(3):
        log.info("line %d" % number)
    before = log.lines()
    log.enlarge(256)
    assert log.lines() == before
    for number in range(9):
        log.info("more %d" % number)
    assert log.lines()[-9:] == ["0 info more %d" % number for number in range(9)]


def test_lines_since_a_position_are_returned():
    log = log_of()
    log.info("one")
    place = log.written
    log.info("two")
    assert log.lines(place) == ["0 info two"]
    assert log.lines(log.written) == []


def test_position_within_a_line_begins_with_the_next_line():
    log = log_of()
    log.info("one")
    log.info("two")
    assert log.lines(3) == ["0 info two"]


def test_ring_keeps_the_last_whole_lines():
    log = log_of()
    for number in range(1000):
        log.info("line number %d" % number)
    lines = log.lines()
    assert len(lines) >= 200
    assert lines == ["0 info line number %d" % number for number in range(1000 - len(lines), 1000)]


def test_a_long_line_ends_with_a_whole_character():
    log = log_of()
    for length in range(140, 160):
        log.info("x" * length + "…°…")
    lines = log.lines()
    assert len(lines) == 20
    assert sum([len(line.encode()) + 1 for line in lines]) == log.written
    assert {len(line.encode()) for line in lines[10:]} <= {157, 158, 159}


def test_long_and_broken_lines_are_one_line():
    log = log_of()
    log.info("x" * 1000)
    log.info("two\nlines")
    lines = log.lines()
    assert len(lines) == 2
    assert len(lines[0]) < 200
    assert lines[1] == "0 info two lines"


def test_log_is_read_in_pieces():
    log = log_of()
    for number in range(300):
        log.info("line %d with é" % number)
    pieces, since = [], 0
    while since < log.written:
        lines, since = log.read(since, 100)
        assert 0 < len("\n".join(lines).encode()) < 100
        pieces += lines
    assert since == log.written
    assert pieces == log.lines()
    assert pieces[-1] == "0 info line 299 with é" and len(pieces) > 200


def test_read_past_the_end_returns_no_lines():
    log = log_of()
    assert log.read(0, 100) == ([], 0)
    log.info("a")
    assert log.read(log.written, 100) == ([], log.written)
