"""The command `evencell` and what builds, runs and measures the firmware on a computer."""
