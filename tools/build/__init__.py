"""Builds what a board's flash holds."""
