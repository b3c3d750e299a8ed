"""A device that sleeps: it wakes, reads, sometimes reports, and sleeps again."""
