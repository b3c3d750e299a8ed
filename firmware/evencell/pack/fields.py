"""The one table of fields: all that leaves the device, for whoever sends a status (the display needs it not)."""

# Name in the record (status.py), unit, kind, meaning. A way out maps kinds and units in a small table of its own; what
# is None in the record is unknown.
FIELDS = (
    ("pack_mv", "mV", "voltage", "Pack voltage"),
    ("average_mv", "mV", "voltage", "Average cell voltage"),
    ("delta_mv", "mV", "voltage", "Delta of highest and lowest cell"),
    ("cells_mv", "mV", "cells", "Cell voltage"),
    ("highest_cell", "", "cell", "Highest cell"),
    ("lowest_cell", "", "cell", "Lowest cell"),
    ("cells_detected", "", "count", "Cells detected"),
    ("cells_configured", "", "count", "Cells configured"),
    ("balance_state", "", "balance_state", "Balance state"),
    ("balance_ma", "mA", "current", "Balance current"),
    ("balancing_enabled", "", "switch", "Balancing switched on"),
    ("trigger_mv", "mV", "voltage", "Trigger delta voltage"),
    ("max_balance_ma", "mA", "current", "Maximum balance current"),
    ("temperature_dc", "0.1 °C", "temperature", "Temperature"),
    ("temperature_raw", "", "raw", "Temperature as sent"),
    ("alarms", "", "alarms", "Alarms"),
    ("alarms_raw", "", "raw", "Alarm byte as sent"),
)
