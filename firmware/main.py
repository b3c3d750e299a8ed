"""What MicroPython starts: this board, and the application on it."""

from board import board
from evencell.app import main

main(board)
