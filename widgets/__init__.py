"""Textual widgets, one pane or control a file; each renders one bound value."""
