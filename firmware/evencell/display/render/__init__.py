"""Drawing: canvas, fonts, symbols, picture files."""
