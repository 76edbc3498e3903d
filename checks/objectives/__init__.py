"""Service level objectives: what is promised, the budget for errors, and how fast it goes."""
