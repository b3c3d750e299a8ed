"""Made by the build (tools/build/tree.py, board_module): the board that the tree was built for."""

from boards.esp32 import Board

board: Board
