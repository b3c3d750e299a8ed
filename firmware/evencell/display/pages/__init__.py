"""The pages, one file each: `draw(canvas, view)`, and `wanted(view)`: whether there is anything to show on it now.

A page is in memory only while it is shown (`View.open`).
"""

# In the order in which a button goes through them.
PAGES = ("glance", "cells", "balance", "trend", "alarms", "device", "extremes")
