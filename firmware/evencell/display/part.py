"""The display's place in the application: what is found, what was chosen, and the two tasks."""

from evencell.display.tasks import Display
from evencell.system.on_demand import call


def start(context):
    """Show the packs on the board's display; a board without one needs nothing."""
    board, settings = context.board, context.config["display"]
    try:
        found = board.display_bus(settings)
    except ValueError as error:
        report(context, str(error))
        return
    if found is None:
        return
    size = found[1]["width"], found[1]["height"]
    if call("evencell.display.fonts", "missing", *size):
        report(context, "display: this build has no fonts for %d × %d pixels; build it for this display" % size)
        return
    choose(context.memory, settings)
    if context.profile == "display":
        from evencell.display.extremes import Extremes

        context.extremes = Extremes(context)
    display = Display(context, found, [key for key in (board.button(), board.button_2()) if key])
    context.display, context.canvas = display, display.canvas
    context.supervisor.start("display", display.run, display.progress)
    context.supervisor.start("button", display.attend)


def report(context, fault: str):
    """Say what keeps the display dark."""
    context.config_faults.append(fault)
    context.log.warning("configuration: " + fault)


def choose(memory, settings: dict):
    """What was chosen in the menu counts, as long as the configuration says what it said then."""
    choices = memory.get("display") or {}
    kept = {name: choice for name, choice in choices.items() if choice[0] == settings.get(name)}
    memory.put("display", kept or None)
    for name, choice in kept.items():
        settings[name] = choice[1]
