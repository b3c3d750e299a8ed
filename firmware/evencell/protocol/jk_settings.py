"""The settings of Jikong's balancers: what each model takes, and the frames that write them (source: jk_balancer.py).

Apart from reading, for a device that never writes needs none of it.
"""

from evencell.compat import const
from evencell.protocol.jk_balancer import READ, U16, number, request

SET_CELL_COUNT = const(0xF0)
SET_TRIGGER = const(0xF2)
SET_MAX_BALANCE = const(0xF4)
SET_SWITCH = const(0xF6)

# Setting: command. The document's words for them, which `decode` prints, follow below.
SETTINGS = {
    "cell_count": SET_CELL_COUNT,
    "trigger_mv": SET_TRIGGER,
    "max_balance_ma": SET_MAX_BALANCE,
    "balancing_enabled": SET_SWITCH,
}
COMMAND_NAMES = {
    READ: "status",
    SET_CELL_COUNT: "set_cell_count",
    SET_TRIGGER: "set_trigger",
    SET_MAX_BALANCE: "set_max_balance",
    SET_SWITCH: "set_switch",
}

# What each model takes: lowest and highest cell count, lowest and highest balance current in mA (manuals).
MODELS = {
    "jk_b2a4s": (4, 4, 300, 2000),
    "jk_b2a24s": (2, 24, 30, 2000),
    "jk_b1a24s": (2, 24, 30, 1000),
}
_TRIGGER_RANGE_MV = (2, 1000)


def setting_range(model: str, setting: str) -> tuple[int, int]:
    """Lowest and highest value of `setting` that a balancer of `model` takes; raises KeyError for unknown names."""
    fewest_cells, most_cells, lowest_ma, highest_ma = MODELS[model]
    return {
        "cell_count": (fewest_cells, most_cells),
        "trigger_mv": _TRIGGER_RANGE_MV,
        "max_balance_ma": (lowest_ma, highest_ma),
        "balancing_enabled": (0, 1),
    }[setting]


def write_request(address: int, model: str, setting: str, value: int) -> bytearray:
    """The seven bytes that set `setting` to `value`; raises ValueError where `model` would not take it."""
    lowest, highest = setting_range(model, setting)
    if not lowest <= value <= highest:
        raise ValueError("%s %d: a %s takes %d to %d" % (setting, value, model, lowest, highest))
    return request(address, SETTINGS[setting], value)


def decode_written(frame, at: int) -> int:
    """The value that is active after a write. Another one than was sent means that the balancer refused it."""
    return number(frame, at + 4, U16)
