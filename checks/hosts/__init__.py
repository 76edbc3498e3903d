"""What the host screen shows of a machine: its facts, its figures, what has changed of late."""
