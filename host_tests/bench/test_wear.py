"""The bench of the flash: what it counts is what the firmware writes."""

from host_tests.needs import need_micropython
from tools.bench.wear import erased

HELD = 28  # readings of four cells in RTC memory


def test_each_batch_and_each_record_erases_a_block_at_least():
    need_micropython()
    assert erased("journal", 60) >= 1440 // HELD
    assert erased("history", 4) >= 96 + 12
    assert erased("extremes", 200) > 0
