"""Measures what docs and targets claim: `make bench`."""
