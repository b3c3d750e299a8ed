"""Pauses between attempts."""

from evencell.runtime.backoff import Backoff


def test_pauses_double_from_one_second_to_a_minute():
    backoff = Backoff()
    assert [backoff.fail() for _ in range(8)] == [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]


def test_pause_starts_again_after_a_success():
    backoff = Backoff()
    backoff.fail()
    backoff.fail()
    backoff.reset()
    assert backoff.pause_ms == 0
    assert backoff.fail() == 1000


def test_limits_are_configurable():
    backoff = Backoff()
    assert [backoff.fail(0, 10_000, 35_000) for _ in range(3)] == [10_000, 20_000, 35_000]


def test_limits_that_change_never_shorten_the_first_pause():
    backoff = Backoff()
    backoff.fail()
    assert backoff.fail(0, 10_000, 600_000) == 10_000
    for _ in range(9):
        backoff.fail(0, 10_000, 600_000)
    assert backoff.fail() == 60_000


def test_next_attempt_is_due_at_first_and_when_the_pause_is_over():
    backoff = Backoff()
    assert backoff.left_ms(0) == 0
    backoff.fail(500)
    assert backoff.left_ms(500) == 1000
    assert backoff.left_ms(1499) == 1
    assert backoff.left_ms(1500) == backoff.left_ms(9000) == 0
    backoff.fail(1500)
    assert backoff.left_ms(3499) == 1 and backoff.left_ms(3500) == 0


def test_next_attempt_is_due_after_a_reset():
    backoff = Backoff()
    backoff.fail(500)
    backoff.reset()
    assert backoff.left_ms(500) == 0
