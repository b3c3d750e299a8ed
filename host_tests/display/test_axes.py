"""Axes and marks of colour displays: round, steady, honest about small differences. Digits that stay in their file."""

from evencell.display.colour.trend import ticks_of
from evencell.display.render import bars
from evencell.display.render.bars import Bars, half_of, marks_of
from evencell.display.render.canvas import ALARM, BUSY, DIM, GOOD, Canvas
from evencell.display.render.digits import Digits
from host_tests.portable import scratch_path
from tools.screens.draw import Clock, Thing, make_pack


def sheet(cells_mv: list, is_old: bool = False, **data) -> Thing:
    """A sheet with a pack of these cells."""
    pack = make_pack(dict(data, cells_mv=cells_mv), Clock())
    return Thing({"pack": pack, "status": pack.accepted, "is_old": is_old, "canvas": None})


def opened():
    """As after the page was opened."""
    bars._halves_mv.clear()
    bars._marks.clear()


def test_axis_has_round_ends_and_few_steps():
    assert ticks_of(0, 20, 4) == (0, 20, 5)
    assert ticks_of(0, 63, 4) == (0, 80, 20)
    assert ticks_of(0, 4999, 4) == (0, 6000, 2000)
    assert ticks_of(1299, 1361, 4) == (1250, 1400, 50)
    for lowest in range(0, 300, 7):
        for span in range(1, 300, 7):
            begin, end, step = ticks_of(lowest, lowest + span, 4)
            assert begin <= lowest < begin + step and end - step < lowest + span <= end and end - begin <= 4 * step


def test_four_millivolts_do_not_look_like_four_hundred():
    opened()
    assert half_of(sheet([3313, 3312, 3316, 3314])) == 10
    opened()
    assert half_of(sheet([3500, 3100, 3300, 3300])) == 200
    opened()
    assert half_of(sheet([5000, 1, 5000, 5000])) == 5000


def test_axis_covers_the_trigger():
    opened()
    assert half_of(sheet([3313, 3312], trigger_mv=300)) == 200


def test_axis_widens_at_once_and_narrows_late():
    opened()
    assert half_of(sheet([3300, 3322])) == 20
    assert half_of(sheet([3300, 3348])) == 50
    assert half_of(sheet([3300, 3342])) == 50
    assert half_of(sheet([3300, 3338])) == 20


def test_marks_do_not_jump_between_equal_cells():
    opened()
    assert marks_of(sheet([3300, 3304, 3305, 3301])) == (0, 0)  # within the accuracy
    assert marks_of(sheet([3300, 3304, 3306, 3301])) == (3, 1)
    assert marks_of(sheet([3300, 3306, 3305, 3299])) == (3, 1)
    assert marks_of(sheet([3300, 3307, 3305, 3298])) == (2, 4)
    assert marks_of(sheet([3300, 3304, 3304, 3300])) == (0, 0)


def test_a_cell_is_red_only_if_an_alarm_is_about_it():
    opened()
    cells = [3415, 3407, 3412, 3385]
    assert [Bars(sheet(cells)).colour(cell) for cell in range(4)] == [GOOD] * 4
    charging = Bars(sheet(cells, state="charging_lowest"))
    assert [charging.colour(cell) for cell in range(4)] == [GOOD, GOOD, GOOD, BUSY]
    broken = Bars(sheet([3415, 3407, 5120, 3385], state="discharging_highest"))
    assert [broken.colour(cell) for cell in range(4)] == [GOOD, GOOD, ALARM, GOOD]
    assert [Bars(sheet(cells, True)).colour(cell) for cell in range(4)] == [DIM] * 4


def test_digits_are_read_from_the_file():
    path = scratch_path("digits_2.font")
    with open(path, "wb") as file:
        file.write(bytes((2, 8, 2, 3)) + b"01.")
        for number in (0, 1, 2, 3):  # a missing one first
            file.write(bytes((1 << number, 1 << number)))
    canvas = Canvas(40, 16, True)
    assert Digits(path).draw(canvas, "10.x", 4, 8) == 4 + 8 + 8 + 4 + 8
    lit = [x for x in range(40) if canvas.pixels.pixel(x, 8)]
    assert lit == [4 + 5, 12 + 6, 20 - 2 + 4, 24 + 7]
    assert lit == [x for x in range(40) if canvas.pixels.pixel(x, 9)]
    assert not any(canvas.pixels.pixel(x, y) for x in range(40) for y in (7, 10))
