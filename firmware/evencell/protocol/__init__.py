"""Frames of the balancers to values and back. Pure: no clock, no port."""
