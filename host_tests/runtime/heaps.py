"""A board's two heaps for tests, as numbers that a test sets."""


class ScriptedHeaps:
    """`gc`: (total, free) of the GC heap; `network`: (free, largest block) of the network's, or None."""

    def __init__(self, gc: tuple = (112_000, 21_000), network: "tuple | None" = (30_000, 24_000)):
        self.gc = gc
        self.network = network

    def gc_heap(self) -> tuple:
        return self.gc

    def network_heap(self):
        return self.network
