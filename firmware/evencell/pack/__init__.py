"""What the values mean."""
