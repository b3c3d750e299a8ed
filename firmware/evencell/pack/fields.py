"""The one table of fields: all that leaves the device, for every part that sends a status (not for the display)."""

# Name in the record (status.py), whose ending is the unit, and kind. A way out maps kinds and units in a small table of
# its own; what is None in the record is unknown. What each means: field_meanings.py.
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
