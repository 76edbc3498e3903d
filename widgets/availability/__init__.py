"""Panes about how good checks were: the table of all, and everything about one."""
