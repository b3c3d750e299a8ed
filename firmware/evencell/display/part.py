"""The display's place in the application: what is found, what was chosen, and the two tasks."""

from evencell.display.tasks import Display


def start(context):
    """Show the packs on the board's display; a board without one needs nothing."""
    board, settings = context.board, context.config["display"]
    try:
        found = board.display_bus(settings)
    except ValueError as error:
        context.config_faults.append(str(error))
        context.log.warning("configuration: %s" % error)
        return
    if found is None:
        return
    choose(context.memory, settings)
    if context.profile == "display":
        from evencell.display.extremes import Extremes

        context.extremes = Extremes(context)
    display = Display(context, found, [key for key in (board.button(), board.button_2()) if key])
    context.display, context.canvas = display, display.canvas
    context.supervisor.start("display", display.run, display.progress)
    context.supervisor.start("button", display.attend)


def choose(memory, settings: dict):
    """What was chosen in the menu counts, as long as the configuration says what it said then."""
    choices = memory.get("display") or {}
    kept = {name: choice for name, choice in choices.items() if choice[0] == settings.get(name)}
    memory.put("display", kept or None)
    for name, choice in kept.items():
        settings[name] = choice[1]
