"""What an expression in PromQL came to: its curves, its rows, and what is wrong with it."""
