"""The display: screen, buttons, menu, brightness, trend."""
