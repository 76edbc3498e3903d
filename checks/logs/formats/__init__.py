"""Formats of logs, one a module: each makes a record of a line, and of what belongs to it."""
