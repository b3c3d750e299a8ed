"""On MicroPython with a small heap: fills it to the last block, then restarts as the last resort does."""

import sys

from boards.host import Board
from evencell.app import Context, restart

context = Context(Board({"data": sys.argv[1]}))
chain = None  # a list would have to grow, in one piece
print("filled")
for size in (4096, 256, 32, 1):
    try:
        while True:
            chain = chain, bytearray(size)
    except MemoryError:
        pass
try:
    while True:
        chain = (chain,)
except MemoryError:
    pass
restart(context, "network", "the network is out of memory; restarting")
