"""Filled in by its test files."""
