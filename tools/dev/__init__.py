"""Set-up and demonstration on this computer."""
