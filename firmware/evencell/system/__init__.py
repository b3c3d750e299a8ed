"""What keeps the device going: configuration, log, clock, tasks."""
