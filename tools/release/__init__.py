"""evencell's own firmware, and what a release holds."""
