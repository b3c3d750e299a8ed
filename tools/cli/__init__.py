"""The command `evencell`: options, and a file for each subcommand."""
