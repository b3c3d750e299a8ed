"""A start that is no wake from sleep: the configuration is read anew, and RTC memory may be lost (a lazy module)."""

from evencell.app import COLLECT_AFTER_BYTES
from evencell.compat import collect_after, const
from evencell.power import marks, settings
from evencell.power.state import STATE_AT
from evencell.runtime.lazy import call, lazy
from evencell.storage.paths import exists

_CAUTIOUS_S = const(900)  # after a start that did not come to its sleep, until the next report


def count_start(wake) -> int:
    """Count this start without RTC memory; returns how many in a row before it did not come to their sleep."""
    with lazy("evencell.app") as app:
        context = app.Context(wake.board, wake.clock)
        if any(memoryview(wake.rtc.buffer)[STATE_AT:]):  # zero after power-on
            context.log.warning("the state in RTC memory is damaged, or of another version: it begins anew")
        found = marks.load(context)
        before = found["starts"]
        marks.count_start(context, found)
        return before


def store_crash(wake, error):
    """Log a failure of the wake itself, and store it on the flash."""
    context = _context(wake)
    context.supervisor.report("wake", error)
    context.supervisor.attempt("storing a failure", context.crashes.flush, True)


def begin(wake):
    """Fill the state from the configuration, and after a loss of RTC memory from the marks on the flash.

    A configuration that does not let the device sleep restarts it.
    """
    collect_after(COLLECT_AFTER_BYTES)
    board, state = wake.board, wake.state
    notes = _notes(wake)
    config, sentences, warnings = settings.read_config(board)
    if not settings.is_wanted(config):
        settings.delete(board)
        board.restart()
    context = _context(wake)
    faults, context.notes, context.config_faults = context.storage_faults, notes + warnings, sentences
    _introduce(context, config)
    settings.save(board, faults, config, context.config_faults)
    state.is_subscribed = state.announced = 0
    state.is_new, state.has_faults = 1, len(context.config_faults) > 0
    has_numbers = len(state.packs) > 0
    settings.apply(state, config, _scales(context))
    state.trial = 0
    if exists(board.storage + "/update.json"):
        call("evencell.power.trial", "begin", context, state)
    if not has_numbers:
        _number(wake, context, marks.load(context))


def _context(wake):
    from evencell.app import Context  # not at the top: the configuration is checked before that takes memory

    return Context(wake.board, wake.clock)


def _notes(wake) -> list:
    """Sentences about this start; a held button has reset the settings."""
    with lazy("evencell.app") as app:
        faults = app.Context(wake.board, wake.clock).storage_faults
        return call("evencell.runtime.boot_state", "begin", wake.board, faults)[1]


def _introduce(context, config: dict):
    """The first lines of the log, as of any start; the pins of the configuration are used from now on."""
    context.config = config
    context.device_id = context.board.unique_id()
    call("evencell.startup", "introduce", context)


def _scales(context) -> list:
    """The temperature scale of each pack: configured, or settled before the device slept; 0 while it is unknown."""
    from evencell.pack.temperature import SCALES
    from evencell.storage.key_value import KeyValueStore

    learned = KeyValueStore(context.board.storage + "/learned.json", context.storage_faults)
    scales = []
    for pack in context.config["packs"]:
        setting = pack["temperature_scale"]
        if setting == "auto":
            setting = learned.get(pack["name"] + ".temperature_scale") or "auto"
        scales.append(SCALES[setting])
    return scales


def _number(wake, context, found: dict):
    """Go on behind every number that may have been used since the marks were written, and note that there at once: the
    first reading may reach a broker before RTC memory is lost again.
    """
    state, sequences = wake.state, found["sequences"]
    for pack, settings_of_pack in zip(state.packs, context.config["packs"]):
        name = settings_of_pack["name"]
        if name in sequences or found["starts"] > 1:
            pack.sequence = pack.marked = sequences.get(name, 0) + state.spill_every
            sequences[name] = pack.sequence
            state.has_gap = 1
    if state.has_gap:
        marks.write(context, found)
    if found["starts"] > 1:
        state.report_due_s = wake.now_s() + _CAUTIOUS_S
