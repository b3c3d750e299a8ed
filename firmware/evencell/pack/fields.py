"""The one table of fields: all that a status contains, for every sink but the display."""

# Name in the record (status.py), which ends in the unit, and kind. Each sink maps kinds and units in a small table of
# its own; None in the record is unknown. The meanings: forward/http/metrics_fields.txt.
FIELDS = (
    ("pack_mv", "voltage"),
    ("average_mv", "voltage"),
    ("delta_mv", "voltage"),
    ("cells_mv", "cells"),
    ("highest_cell", "cell"),
    ("lowest_cell", "cell"),
    ("cells_detected", "count"),
    ("cells_configured", "count"),
    ("balance_state", "balance_state"),
    ("balance_ma", "current"),
    ("balancing_enabled", "switch"),
    ("trigger_mv", "voltage"),
    ("max_balance_ma", "current"),
    ("temperature_dc", "temperature"),
    ("temperature_raw", "raw"),
    ("alarms", "alarms"),
    ("alarms_raw", "raw"),
)
