"""The display's place in the application: draws whenever something changed."""

from evencell.compat import const
from evencell.display.canvas import Canvas
from evencell.display.overview import draw

_TURNS_PER_PACK = const(4)


def start(context):
    """Show the packs on the board's display; a board without one needs nothing."""
    display = context.board.display()
    if display is None:
        return
    context.canvas = Canvas(display.width, display.height)
    context.canvas.pixels.fill(0)
    progress = context.watch.progress()
    consumer = context.hub.subscribe(progress)

    async def run():
        turn = 0
        while True:
            packs = context.hub.packs
            pack = packs[turn // _TURNS_PER_PACK % len(packs)]
            draw(context.canvas, pack, context.clock, len(context.config_faults), turn)
            display.show(context.canvas)
            turn += 1
            await consumer.changed()

    context.supervisor.start("display", run, progress)
