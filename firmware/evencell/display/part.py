"""The display's place in the application: draws whenever something changed."""

from evencell.compat import const
from evencell.display.canvas import Canvas
from evencell.display.overview import draw

_TURNS_PER_PACK = const(4)


def start(context):
    """Show the packs on the board's display; a board without one needs nothing."""
    found = context.board.display_bus(context.config["display"])
    if found is None:
        return
    bus, data = found
    driver = __import__("evencell.display." + data["driver"], None, None, ("make",))
    panel = driver.make(bus, data)
    context.canvas = Canvas(panel.width, panel.height, panel.colours)
    progress = context.watch.progress()
    consumer = context.hub.subscribe(progress)
    brightness = context.config["display"]["brightness"]

    async def run():
        turn = 0
        started = False
        while True:
            packs = context.hub.packs
            pack = packs[turn // _TURNS_PER_PACK % len(packs)]
            draw(context.canvas, pack, context.clock, len(context.config_faults), turn)
            try:
                if not started:
                    panel.start()
                    panel.brightness(brightness)
                    started = True
                await panel.show(context.canvas)
            except OSError:
                started = False  # nobody listens: tried again with the next reading
            turn += 1
            await consumer.changed()

    context.supervisor.start("display", run, progress)
