"""The display's place in the application: draws whenever something changed."""

from evencell.compat import const
from evencell.display.canvas import Canvas
from evencell.display.view import View
from evencell.system.on_demand import call

_TURNS_PER_PACK = const(4)


def start(context):
    """Show the packs on the board's display; a board without one needs nothing."""
    panel = _panel(context)
    if panel is None:
        return
    context.canvas = Canvas(panel.width, panel.height, panel.colours)
    view = View(context)
    progress = context.watch.progress()
    consumer = context.hub.subscribe(progress)

    async def run():
        started = False
        missed = False
        while True:
            packs = context.hub.packs
            view.pack = packs[view.turn // _TURNS_PER_PACK % len(packs)]
            view.note()
            (view.page or view.open("glance")).draw(context.canvas, view)
            try:
                if not started:
                    panel.start()
                    panel.brightness(context.config["display"]["brightness"])
                    started = True
                await panel.show(context.canvas)
                missed = False
            except OSError:
                if not missed:
                    context.log.warning("display: nobody answers; it is tried again with each reading")
                started, missed = False, True
            view.turn += 1
            await consumer.changed()

    context.supervisor.start("display", run, progress)


def _panel(context):
    """The panel of the display, by its driver; None where there is none, or where a fault says why not."""
    try:
        found = context.board.display_bus(context.config["display"])
    except ValueError as error:
        context.config_faults.append(str(error))
        context.log.warning("configuration: %s" % error)
        return None
    if found is None:
        return None
    bus, data = found
    return call("evencell.display." + data["driver"], "make", bus, data)
