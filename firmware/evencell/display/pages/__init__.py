"""The pages, one file each: `draw(canvas, view)`, and `has_content(view)`, without which a page is skipped.

A page is loaded while it is shown (`View.open`), on a colour display from the folder `colour` if it is there.
"""

# In the order of short presses.
PAGES = ("glance", "cells", "balance", "trend", "alarms", "device", "extremes")
