"""Alerts and rules: the list of all, everything about one, and its curve with the threshold."""
