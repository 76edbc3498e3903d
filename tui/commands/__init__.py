"""One module a subcommand of `onwatch`."""
