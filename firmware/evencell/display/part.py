"""Starts the display: finds it, applies the menu's choices, starts its two tasks."""

import gc

from evencell.runtime.lazy import call


def start(context):
    """Start the board's display, if it has one."""
    try:
        found = context.board.display_bus(context.config["display"])
    except ValueError as error:
        report_fault(context, str(error))
        return
    if found is None or (context.setup and found[0] is None):  # a picture is not served in setup mode
        return
    size = found[1]["width"], found[1]["height"]
    if call("evencell.display.fonts", "missing", *size):
        report_fault(context, "display: this build has no fonts for %d × %d pixels; build it for this display" % size)
        return
    owner = load(context, found)
    context.supervisor.start("display", owner.run, owner.heartbeat)


def load(context, found: tuple):
    """The display, or a placeholder for one that does not answer: its code is loaded once it does.

    The profile `display` loads it in any case, to keep the extremes of the cells. A picture always answers, and so does
    a display on SPI, which can't be asked.
    """
    bus = found[0]
    try:
        if bus and context.profile != "display":
            bus.reset()
    except OSError as error:
        from evencell.display.absent import Absent

        context.log.warning("display: no answer; check its wires and supply; retrying (%s)" % error)
        context.display = Absent(context, found, "no answer; check its wires and supply")
        return context.display
    return show(context, found)


def show(context, found: tuple):
    """Create the display and start polling its buttons; the caller starts `run`."""
    gc.collect()  # else what stays lies between what is freed
    from evencell.display.tasks import Display

    apply_choices(context.key_values, context.config["display"])
    if context.profile == "display":
        from evencell.display.extremes import Extremes

        context.extremes = Extremes(context)
        context.at_end.append(context.extremes.flush)
    board = context.board
    screen = None
    if context.setup:
        from evencell.display.pages.setup import SetupScreen as screen
    display = Display(context, found, [key for key in (board.button(), board.button_2()) if key], screen)
    context.display, context.canvas = display, display.canvas
    context.supervisor.start("button", display.poll)
    return display


def report_fault(context, fault: str):
    """Report why there is no display."""
    context.config_faults.append(fault)
    context.log.warning("configuration: " + fault)


def apply_choices(key_values, settings: dict):
    """Apply the menu's choices whose configured value is unchanged; discard others and unknown names."""
    kept = {}
    for name, pair in (key_values.get("display") or {}).items():
        if pair[0] == settings.get(name) and call("evencell.storage.shapes", "is_choice", name, pair[1]):
            kept[name] = pair
    key_values.put("display", kept or None)
    for name, pair in kept.items():
        settings[name] = pair[1]
