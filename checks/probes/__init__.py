"""Probes, one file a kind of check."""
