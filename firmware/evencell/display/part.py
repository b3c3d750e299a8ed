"""The display's place in the application: what is found, whether it answers, what was chosen, and the two tasks."""

import gc

from evencell.system.on_demand import call


def start(context):
    """Show the packs on the board's display; a board without one needs nothing."""
    try:
        found = context.board.display_bus(context.config["display"])
    except ValueError as error:
        report(context, str(error))
        return
    if found is None:
        return
    size = found[1]["width"], found[1]["height"]
    if call("evencell.display.fonts", "missing", *size):
        report(context, "display: this build has no fonts for %d × %d pixels; build it for this display" % size)
        return
    owner = load(context, found)
    context.supervisor.start("display", owner.run, owner.progress)


def load(context, found: tuple):
    """The display, or what stands for one that does not answer: its code is loaded only once it does.

    The profile `display` loads it in any case, to keep what each cell has been. A picture is always there, and so is a
    display on SPI: nobody can ask.
    """
    bus = found[0]
    try:
        if bus and context.profile != "display":
            bus.reset()
    except OSError as error:
        from evencell.display.absent import Absent

        context.log.warning("the display does not answer (%s); it is tried again" % error)
        context.display = Absent(context, found, str(error))
        return context.display
    return show(context, found)


def show(context, found: tuple):
    """Make the display, and start to look at its buttons; whoever calls sees to it that it runs."""
    gc.collect()  # what stays must not lie between what doesn't
    from evencell.display.tasks import Display

    choose(context.memory, context.config["display"])
    if context.profile == "display":
        from evencell.display.extremes import Extremes

        context.extremes = Extremes(context)
    board = context.board
    display = Display(context, found, [key for key in (board.button(), board.button_2()) if key])
    context.display, context.canvas = display, display.canvas
    context.supervisor.start("button", display.attend)
    return display


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
