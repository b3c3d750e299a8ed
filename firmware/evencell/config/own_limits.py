"""Checks the owner's limits of cells (docs/rules.md) against each other, and against what the chemistry bears. Lazy."""

from evencell.compat import const
from evencell.pack.limits import limits_of

# Lowest and highest voltage in mV that data sheets of such cells, or boards that protect them, allow at all, and
# temperature in °C for charging; docs/rules.md names them. Others are cells of the chemistry `custom`.
_BEARABLE = {"lfp": (2000, 3900, -20, 60), "nmc": (2500, 4350, -20, 60), "lto": (1500, 2900, -40, 55)}
# What is to be left: above the voltage at which a cell is low, for the hysteresis at both ends; and between two
# temperatures, of which the rule ends 2 °C inside.
_SPAN_MV = const(100)
_SPAN_C = const(5)
_VOLTAGES = ("cell_min_mv", "cell_max_mv")
_TEMPERATURES = ("charge_min_c", "charge_max_c")


def check_limits(config: dict, faults):
    """Take out each limit that the cells of a pack don't bear, and those that leave no span."""
    limits = config["control"]["limits"]
    for lowest, highest in (_VOLTAGES, _TEMPERATURES):
        if limits[lowest] is not None and limits[highest] is not None and limits[lowest] >= limits[highest]:
            faults.add("control.limits." + lowest, "it must be below %s; both are not used" % highest)
            limits[lowest] = limits[highest] = None
    for chemistry in sorted({pack["chemistry"] for pack in config["packs"]}):
        _check_bearable(limits, chemistry, faults)
        found = limits_of(chemistry, limits)
        if found:
            _check_span(limits, _VOLTAGES, (max(found[0], found[3]), found[1]), _SPAN_MV, chemistry, faults)
        temperatures = found[4:] if found else (limits["charge_min_c"], limits["charge_max_c"])
        if None not in temperatures:
            _check_span(limits, _TEMPERATURES, temperatures, _SPAN_C, chemistry, faults)


def _check_bearable(limits: dict, chemistry: str, faults):
    bearable = _BEARABLE.get(chemistry)
    if bearable is None:
        return
    for i, key in enumerate(_VOLTAGES + _TEMPERATURES):
        lowest, highest = bearable[i & 2 : (i & 2) + 2]
        if limits[key] is not None and not lowest <= limits[key] <= highest:
            text = "%s cells bear %d to %d: take a limit within that, or the chemistry custom; not used"
            faults.add("control.limits." + key, text % (chemistry, lowest, highest))
            limits[key] = None


def _check_span(limits: dict, keys: tuple, found: tuple, least: int, chemistry: str, faults):
    """`found`: what counts for these two keys, of which one at least is the owner's if it is too narrow."""
    if found[1] - found[0] < least:
        key = keys[1] if limits[keys[0]] is None else keys[0]
        text = "it leaves %s cells %d to %d, and %d is the least span: widen it; both are not used"
        faults.add("control.limits." + key, text % (chemistry, found[0], found[1], least))
        limits[keys[0]] = limits[keys[1]] = None
