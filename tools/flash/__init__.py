"""`make flash`: a bare chip gets MicroPython and the firmware."""
