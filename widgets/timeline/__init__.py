"""The timeline: incidents, and what happened in each."""
