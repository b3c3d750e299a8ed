"""Three days of a device that sleeps, with random outages, resets and losses of RTC memory (tools/bench/asleep.py)."""

from host_tests.needs import need_broker, need_micropython
from tools.bench.asleep import run


def test_every_reading_of_three_days_arrives_in_order_or_is_accounted_for():
    need_micropython()
    need_broker()
    outcome = run(days=2, seed=4, roughness=5)
    assert outcome.is_sound, outcome
    assert outcome.arrived > 50
    assert outcome.killed and outcome.power_losses and outcome.outages
