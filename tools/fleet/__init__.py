"""`evencell fleet`: many simulated devices at a broker."""
