"""Log records as lines that run, what matched in them, where they come from, and one whole."""
