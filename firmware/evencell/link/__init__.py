"""The RS485 side: bus, poller, diagnosis of the line, verified writes."""
