"""Texts of the display, one file for each language."""
