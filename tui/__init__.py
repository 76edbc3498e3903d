"""The program: command line, configuration, app and screens."""
