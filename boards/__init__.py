"""The wirings evencell knows, one file each, and the door to their hardware."""
