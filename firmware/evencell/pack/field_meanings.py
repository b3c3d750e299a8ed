"""What each field of the table means (fields.py), in words for an owner. In memory only while that is published."""

MEANINGS = {
    "pack_mv": "Pack voltage",
    "average_mv": "Average cell voltage",
    "delta_mv": "Delta of highest and lowest cell",
    "cells_mv": "Cell voltage",
    "highest_cell": "Highest cell",
    "lowest_cell": "Lowest cell",
    "cells_detected": "Cells detected",
    "cells_configured": "Cells configured",
    "balance_state": "Balance state",
    "balance_ma": "Balance current",
    "balancing_enabled": "Balancing switched on",
    "trigger_mv": "Trigger delta voltage",
    "max_balance_ma": "Maximum balance current",
    "temperature_dc": "Temperature",
    "temperature_raw": "Temperature as sent",
    "alarms": "Alarms",
    "alarms_raw": "Alarm byte as sent",
}
