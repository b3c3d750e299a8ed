"""A start that is no wake from sleep: the configuration is read anew, and RTC memory may be lost (a lazy module)."""

from evencell.pack.temperature import SCALES
from evencell.power import marks, settings
from evencell.runtime.lazy import call
from evencell.storage.key_value import KeyValueStore

_CAUTIOUS_S = 900  # after a start that did not come to its sleep, until the next report


def count_start(session) -> int:
    """Count this start without RTC memory; returns how many in a row before it did not come to their sleep."""
    found = marks.load(session.context)
    before = found["starts"]
    marks.count_start(session.context, found)
    return before


def begin(session):
    """Fill the state from the configuration, and after a loss of RTC memory from the marks on the flash.

    A configuration that does not let the device sleep restarts it.
    """
    wake, context = session.wake, session.context
    board, state, faults = wake.board, wake.state, context.storage_faults
    session.is_cold = True
    state.is_subscribed = 0
    _, context.notes = call("evencell.runtime.boot_state", "begin", board, faults)
    config, context.config_faults, warnings = settings.read_config(board)
    context.notes += warnings
    if not settings.is_wanted(config):
        settings.delete(board)
        board.restart()
    context.config = config
    settings.save(board, faults, config)
    call("evencell.startup", "introduce", context)
    is_new = not state.packs
    learned = KeyValueStore(board.storage + "/learned.json", faults)
    settings.apply(state, config, [_scale(learned, pack) for pack in config["packs"]])
    if is_new:
        _number(session, marks.load(context))


def _scale(learned, pack: dict) -> int:
    """The temperature scale: configured, or settled before the device slept; 0 while it is unknown."""
    setting = pack["temperature_scale"]
    if setting == "auto":
        setting = learned.get(pack["name"] + ".temperature_scale") or "auto"
    return SCALES[setting]


def _number(session, found: dict):
    """Go on behind every number that may have been used since the marks were written."""
    state, sequences = session.wake.state, found["sequences"]
    for pack, settings_of_pack in zip(state.packs, session.context.config["packs"]):
        if settings_of_pack["name"] in sequences or found["starts"] > 1:
            pack.sequence = pack.marked = sequences.get(settings_of_pack["name"], 0) + state.spill_every
            state.has_gap = 1
    if found["starts"] > 1:
        state.report_due_s = session.wake.now_s() + _CAUTIOUS_S
