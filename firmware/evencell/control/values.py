"""Values of a reading by the names that the configuration uses, for rules and conditions. Lazy."""


def value_of(status, field: str):
    """The value of a field of the configuration, in its unit; None where it is not known."""
    if field == "temperature_c":
        return None if status.temperature_dc is None else status.temperature_dc / 10
    if field in ("highest_mv", "lowest_mv"):
        cell = status.highest_cell if field == "highest_mv" else status.lowest_cell
        return status.cells_mv[cell - 1] if cell else None
    return getattr(status, field)
