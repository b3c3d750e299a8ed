"""What a reading means: status record, acceptance, alarms, temperature scale, rules for settings."""
