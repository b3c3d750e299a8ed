"""What `make bench` says about the size of the firmware is about what a chip gets."""

from tools.bench.sizes import by_source, measure
from tools.build.archive import parts
from tools.build.tree import build


def test_total_is_that_of_the_modules_in_the_slot_and_a_part_of_it_is_loaded():
    slot = build("esp32_generic")
    archived = sum(map(len, parts((slot / "archive.bin").read_bytes())[1:]))
    outside = sum(path.stat().st_size for path in slot.glob("**/*.mpy"))
    figures = {name: figure["value"] for name, figure in measure().items()}
    assert abs(archived + outside - figures["mpy.total_bytes"]) < 2_000  # the package `boards` is the archive's
    assert 0.1 * figures["mpy.total_bytes"] < figures["mpy.resident_bytes"] < 0.5 * figures["mpy.total_bytes"]
    assert by_source()["evencell/app.py"] > 5_000
