"""`make deploy`: the firmware alone, onto a board that runs."""
