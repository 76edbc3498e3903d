"""Samples from files: a source for queries and for looking back at rules."""
