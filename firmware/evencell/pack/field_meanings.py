"""The meaning of each field (fields.py), for owners."""

MEANINGS = {
    "pack_mv": "Pack voltage",
    "average_mv": "Average cell voltage",
    "delta_mv": "Cell delta",
    "cells_mv": "Cell voltage",
    "highest_cell": "Highest cell",
    "lowest_cell": "Lowest cell",
    "cells_detected": "Cells detected",
    "cells_configured": "Cells configured",
    "balance_state": "Balance state",
    "balance_ma": "Balance current",
    "balancing_enabled": "Balancing enabled",
    "trigger_mv": "Balance trigger",
    "max_balance_ma": "Max balance current",
    "temperature_dc": "Temperature",
    "temperature_raw": "Temperature as sent",
    "alarms": "Alarms",
    "alarms_raw": "Alarm byte as sent",
}
