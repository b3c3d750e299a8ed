"""The settings of Jikong's balancers: ranges of each model, and the frames that write them (source: jk_balancer.py).

Apart from jk_balancer.py, since reading needs none of it.
"""

from evencell.compat import const
from evencell.protocol.jk_balancer import READ, U16, number, request

SET_CELL_COUNT = const(0xF0)
SET_TRIGGER = const(0xF2)
SET_MAX_BALANCE = const(0xF4)
SET_SWITCH = const(0xF6)

# Setting: command. COMMAND_NAMES has the names of the document, which `evencell decode` prints.
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

# Range of each model: lowest and highest cell count, lowest and highest balance current in mA (manuals).
MODELS = {
    "jk_b2a4s": (4, 4, 300, 2000),
    "jk_b2a24s": (2, 24, 30, 2000),
    "jk_b1a24s": (2, 24, 30, 1000),
}
_TRIGGER_RANGE_MV = (2, 1000)


def setting_range(model: str, setting: str) -> tuple[int, int]:
    """Lowest and highest value of `setting` for `model`; raises KeyError for unknown names."""
    fewest_cells, most_cells, lowest_ma, highest_ma = MODELS[model]
    return {
        "cell_count": (fewest_cells, most_cells),
        "trigger_mv": _TRIGGER_RANGE_MV,
        "max_balance_ma": (lowest_ma, highest_ma),
        "balancing_enabled": (0, 1),
    }[setting]


def write_request(address: int, setting: str, value: int) -> bytearray:
    """The request that writes a validated value (pack/settings.py)."""
    return request(address, SETTINGS[setting], value)


def decode_written(frame, at: int) -> int:
    """The active value in the answer to a write. Another than the written one means that the balancer refused it."""
    return number(frame, at + 4, U16)
