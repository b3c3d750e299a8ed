"""As on mono displays."""

from evencell.display.pages.alarms import draw, has_content

__all__ = ("draw", "has_content")
