"""What is left out of the firmware, and what must stay."""

from tools.build.strip import without_slots


def test_slots_go_and_every_other_line_stays_where_it_was():
    source = (
        'class A:\n    """Doc."""\n\n    __slots__ = (\n        "a",\n        "b",\n    )\n\n    def a(self): ...\n'
    )
    lines = without_slots(source).split("\n")
    assert "__slots__" not in "".join(lines)
    assert lines[8] == "    def a(self): ..."
