from evencell.pack.status import Status
from evencell.protocol.framing import checksum
from evencell.protocol.jk_balancer import STATUS_TABLE, U8, decode_status, is_answer, read_request
from evencell.protocol.jk_settings import COMMAND_NAMES, MODELS, SETTINGS, decode_written, setting_range, write_request
from host_tests.portable import captures, frame_of, frames, without_heap


def hex_of(data) -> str:
    return " ".join("%02X" % byte for byte in data)


def test_read_request_of_the_document():
    assert hex_of(read_request(1)) == "55 AA 01 FF 00 00 FF"


def test_write_requests_of_the_document():
    """The document's examples, for the 24-cell model that it describes."""
    examples = {"cell_count": "set-cells-16", "trigger_mv": "set-trigger-10", "max_balance_ma": "set-current-500"}
    by_name = {entry["name"]: entry for entry in captures()}
    for setting, name in examples.items():
        entry = by_name[name]
        assert hex_of(write_request(1, setting, entry["expect"]["value"])) == entry["request"]
    assert hex_of(write_request(1, "balancing_enabled", 1)) == by_name["set-switch-on"]["request"]


def test_both_ends_of_every_range_can_be_written():
    for model in MODELS:
        for setting in SETTINGS:
            lowest, highest = setting_range(model, setting)
            for value in (lowest, highest):
                request = write_request(1, setting, value)
                assert request[3] == SETTINGS[setting]
                assert decode_written(request, 0) == value
                assert request[6] == checksum(request, 0, 6)


def test_ranges_of_the_jk_b2a4s():
    assert setting_range("jk_b2a4s", "cell_count") == (4, 4)
    assert setting_range("jk_b2a4s", "trigger_mv") == (2, 1000)
    assert setting_range("jk_b2a4s", "max_balance_ma") == (300, 2000)
    assert setting_range("jk_b2a4s", "balancing_enabled") == (0, 1)


def test_answers_to_writes():
    for entry in captures():
        if "command" in entry["expect"]:
            frame = entry["frame"]
            assert COMMAND_NAMES[frame[3]] == entry["expect"]["command"]
            assert decode_written(frame, 0) == entry["expect"]["value"]


def test_answer_belongs_to_its_address_and_command():
    frame = frame_of("4s-idle")
    assert is_answer(frame, 0, read_request(1))
    assert not is_answer(frame, 0, read_request(2))
    assert not is_answer(frame, 0, write_request(1, "trigger_mv", 5))


def test_decodes_at_any_offset():
    frame = frame_of("dz11-17s-a")
    status = Status()
    decode_status(b"\xeb\x90unknown" + frame, 9, status)
    assert status.pack_mv == 56490
    assert list(status.cells_mv)[:3] == [3321, 3323, 3323]
    assert status.temperature_raw == 163


def test_table_covers_the_frame_without_overlap():
    used = [0, 1, 2, 3, 73]
    for _, offset, kind, _ in STATUS_TABLE:
        used += [offset] if kind == U8 else [offset, offset + 1]
    used += range(23, 71)
    assert sorted(used) == list(range(74))


def test_temperature_is_signed():
    status = Status()
    decode_status(frame_of("4s-cold"), 0, status)
    assert status.temperature_raw == -53


def test_decoding_takes_no_heap():
    status = Status()
    all_frames = frames()

    def decode_all():
        for frame in all_frames:
            decode_status(frame, 0, status)

    decode_all()
    without_heap(decode_all)
