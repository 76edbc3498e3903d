"""What is kept for weeks: sums a minute and an hour, few bytes each, over restarts."""
