"""What the colours of a canvas look like, in RGB565: 5 bits of red, 6 of green, 5 of blue.

In the order of canvas.py: TEXT, DIM, GOOD, HIGH, LOW, WARN, ALARM. High is blue and low is red, as on the page.
"""

COLOURS = (0xFFFF, 0x8C71, 0x5E31, 0x6D5F, 0xFBAE, 0xF5C9, 0xF8E3)
