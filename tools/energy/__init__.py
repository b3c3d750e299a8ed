"""Energy of a device that sleeps: figures with their sources, a model, `evencell energy`."""
