"""How many settings an owner has written: today and in all, also of those that the event log has no more."""

from evencell.control.event_log import append
from evencell.control.write_counts import counts
from evencell.storage.shapes import SHAPES
from host_tests.control.test_event_log import Device, write

MIDNIGHT_S = 1_789_945_200  # where the clocks are an hour ahead of UTC


def at(unix_s, source: str = "page", result: str = "written", pack: str = "pack1") -> tuple:
    return (unix_s, "settings", pack, "trigger_mv", source, 5, 10, result, "")


def counted(device, now_s=MIDNIGHT_S + 3_600, pack: str = "pack1") -> tuple:
    device.clock.now_s = now_s
    found = counts(device, pack)
    return found["today"], found["total"]


def test_what_was_sent_to_the_balancer_by_hand_is_counted():
    device = Device()
    assert counted(device) == (0, 0)
    for source in ("page", "mqtt", "menu"):
        append(device, [at(MIDNIGHT_S, source)])
    append(device, [at(MIDNIGHT_S, "policy"), at(MIDNIGHT_S, "rule"), at(MIDNIGHT_S, "other")])
    append(device, [(MIDNIGHT_S, "policy", "pack1", "preset", "mqtt", "top", "rest", "", "")])
    assert counted(device) == (3, 3)
    append(device, [at(MIDNIGHT_S, result="refused")])
    assert counted(device) == (3, 3)
    append(device, [at(MIDNIGHT_S, result="refused_by_balancer"), at(MIDNIGHT_S, result="no_answer")])
    assert counted(device) == (5, 5)
    assert counted(device, pack="pack2") == (0, 0)


def test_today_is_the_local_day():
    device = Device()
    append(device, [at(MIDNIGHT_S - 1), at(MIDNIGHT_S), at(MIDNIGHT_S + 5), at(None)])
    assert counted(device, MIDNIGHT_S + 86_399) == (2, 4)
    assert counted(device, MIDNIGHT_S + 86_400) == (0, 4)
    assert counted(device, None) == (None, 4)


def test_counts_outlast_the_event_log_and_cost_few_writes_to_the_flash():
    device = Device()
    written = []
    put = device.key_values.put
    device.key_values.put = lambda name, value: written.append(value) or put(name, value)
    for number in range(600):
        device.clock.now_s = MIDNIGHT_S + number
        append(device, [at(MIDNIGHT_S + number, pack="pack%d" % (1 + number % 2))])
    assert counted(device) == counted(device, pack="pack2") == (300, 300)
    assert len(written) == 600 // 25
    _bytes, has_shape = SHAPES["learned"]
    assert has_shape(device.key_values.kept)
    assert not has_shape({"by_hand": {"until": 5}}) and not has_shape({"by_hand": {"until": 5, "packs": {"a": [1, 2]}}})


def test_an_event_log_that_was_lost_begins_anew():
    device = Device()
    for _ in range(60):
        append(device, [write(10)])
    again = Device()
    again.key_values = device.key_values
    append(again, [at(MIDNIGHT_S)])
    assert again.key_values.kept["by_hand"]["until"] == 1
    assert counted(again)[1] == 51


def test_a_flash_that_can_not_be_read_gives_no_number():
    device = Device()
    device.storage = "/no/such/folder"
    assert counted(device) == (None, None)
