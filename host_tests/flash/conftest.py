"""A build of its own for the tests."""

from host_tests.own_build import scratch  # noqa: F401
