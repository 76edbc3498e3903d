"""Capacity: where a series is going, and when it meets its limit."""
