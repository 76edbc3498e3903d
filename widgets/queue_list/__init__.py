"""Panes about queues: the table of all, and everything about one with its large curve."""
