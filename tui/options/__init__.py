"""The options of the command line, by command."""
