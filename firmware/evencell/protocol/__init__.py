"""Bytes to values and back. Knows neither clocks nor ports: it runs wherever Python does."""
