"""Baselines: figures of a good day, saved, and compared with those of now."""
