"""History: records of each pack on the flash, queries, and the health of its cells."""
