"""As on mono displays."""

from evencell.display.pages.device import draw, has_content

__all__ = ("draw", "has_content")
