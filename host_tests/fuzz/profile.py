"""The same examples on every run, and no more than fit into a few seconds."""

from hypothesis import settings


def examples(count: int) -> settings:
    """Settings of a test that takes so many examples."""
    return settings(max_examples=count, derandomize=True, deadline=None, database=None)
