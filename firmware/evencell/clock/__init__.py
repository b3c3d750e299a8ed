"""Time of day: the clock, and its sources."""
