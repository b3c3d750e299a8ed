"""Bars of the cells on colour displays: the distance of each from the average, and the band of the trigger. Loaded with
a page."""

from evencell.compat import const
from evencell.display.render.canvas import ALARM, BAND, BUSY, DIM, GOOD
from evencell.display.render.paint import fill
from evencell.pack.alarms import cells_of, names_of
from evencell.pack.status import CHARGING, DISCHARGING

_HALVES_MV = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_NOISE_MV = const(5)  # the balancer's accuracy: below it no cell is marked
_SWITCH_MV = const(2)  # so much more makes another cell the highest or lowest
_MIN_BAR = const(2)  # pixels
_MAX_THICK = const(32)
_halves_mv = {}  # pack's name → end of the axis, as long as the page is open
_marks = {}  # pack's name → marked cells


def half_of(sheet) -> int:
    """Millivolts from the average to either end of the axis: more at once, less only where it would be much less."""
    status = sheet.status
    far_mv = (status.trigger_mv + 1) // 2
    for cell in range(status.slots):
        if status.cells_mv[cell]:
            far_mv = max(far_mv, abs(status.cells_mv[cell] - status.average_mv))
    wanted = next(half for half in _HALVES_MV if half >= far_mv or half == _HALVES_MV[-1])
    half_mv = _halves_mv.get(sheet.pack.name, 0)
    if wanted > half_mv or 5 * far_mv < 2 * half_mv:
        half_mv = _halves_mv[sheet.pack.name] = wanted
    return half_mv


def marks_of(sheet) -> tuple[int, int]:
    """The highest and the lowest cell, 0 and 0 where they differ by no more than the accuracy. Another cell must lead
    clearly: no mark jumps between equal ones."""
    status = sheet.status
    high, low = _marks.get(sheet.pack.name, (0, 0))
    if (status.delta_mv or 0) < (_NOISE_MV if high else _NOISE_MV + 1):
        high = low = 0
    else:
        cells_mv = status.cells_mv
        if not high or cells_mv[status.highest_cell - 1] - cells_mv[high - 1] >= _SWITCH_MV:
            high = status.highest_cell
        if not low or cells_mv[low - 1] - cells_mv[status.lowest_cell - 1] >= _SWITCH_MV:
            low = status.lowest_cell
    _marks[sheet.pack.name] = high, low
    return high, low


class Bars:
    """Colours and scale of a pack's cells."""

    def __init__(self, sheet):
        status = self._status = sheet.status
        self._sheet = sheet
        self.half_mv = half_of(sheet)
        names = names_of(status.alarms or 0)
        self._faulty = [cell for name in names for cell in cells_of(status, name)]
        moving = {DISCHARGING: status.highest_cell, CHARGING: status.lowest_cell}
        self._moving = moving.get(status.balance_state)

    def colour(self, cell: int) -> int:
        """Colour of a cell, numbered from 0."""
        if self._sheet.is_old:
            return DIM
        if cell + 1 in self._faulty:
            return ALARM
        return BUSY if cell + 1 == self._moving else GOOD

    def scale(self) -> str:
        """The ends of the axis."""
        return "±%d mV" % self.half_mv

    def _pixels(self, millivolts: int, room: int) -> int:
        """Length for this distance, in a room from the average to an end of the axis."""
        return max(-room, min(room, millivolts * room // self.half_mv))

    def draw(self, x: int, y: int, width: int, height: int):
        """Draw all cells upright, side by side."""
        status, canvas = self._status, self._sheet.canvas
        pitch = width // status.slots
        gap = max(1, pitch // 4)
        x += (width - pitch * status.slots) // 2
        centre = y + height // 2 & ~7  # between two strips, so that a bar takes no room from the other side
        room = min(centre - y, y + height - centre)
        half = max(1, self._pixels((status.trigger_mv + 1) // 2, room))
        fill(canvas, x, centre - half, pitch * status.slots, 2 * half, BAND)
        for cell in range(status.slots):
            self._draw_upright(cell, x + cell * pitch + gap // 2, pitch - gap, centre, room)

    def _draw_upright(self, cell: int, x: int, width: int, centre: int, room: int):
        canvas, voltage_mv = self._sheet.canvas, self._status.cells_mv[cell]
        if not voltage_mv:
            canvas.pixels.fill_rect(x, centre - room, width, 2 * room, 0)
            canvas.pixels.rect(x, centre - room, width, 2 * room, 1)
            canvas.tint(x, centre - room, width, 2 * room, ALARM if self.colour(cell) == ALARM else DIM)
            return
        length = self._pixels(voltage_mv - self._status.average_mv, room)
        size = max(abs(length), _MIN_BAR)
        top = centre - size if length >= 0 else centre
        canvas.pixels.fill_rect(x, top & ~7, width, (top + size + 7 & ~7) - (top & ~7), 0)  # of the band
        fill(canvas, x, top, width, size, self.colour(cell))

    def draw_numbers(self, x: int, y: int, width: int):
        """Draw the number of each cell below its bar."""
        slots, unit = self._status.slots, self._sheet.unit
        pitch = width // slots
        x += (width - pitch * slots + pitch) // 2
        for cell in range(slots):
            text = "%d" % (cell + 1)
            self._sheet.text(text, x + cell * pitch - len(text) * unit // 2, y, DIM)

    def draw_beside(self, cell: int, x: int, y: int, width: int, height: int):
        """Draw one cell lying, within a line of text."""
        canvas, voltage_mv = self._sheet.canvas, self._status.cells_mv[cell]
        if not voltage_mv:
            return
        centre, room = x + width // 2, width // 2
        y, height = y + max(3, (height - _MAX_THICK) // 2), min(height - 6, _MAX_THICK)
        half = max(1, self._pixels((self._status.trigger_mv + 1) // 2, room))
        fill(canvas, centre - half, y, 2 * half, height, BAND)
        length = self._pixels(voltage_mv - self._status.average_mv, room)
        size = max(abs(length), _MIN_BAR)
        fill(canvas, centre if length >= 0 else centre - size, y, size, height, self.colour(cell))
