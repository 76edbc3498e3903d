"""A runbook beside its evidence: its steps, its text, and what the steps put out."""
