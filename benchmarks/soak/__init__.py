"""An hour of faults at random, against real servers: whether onwatch stays as it was."""
