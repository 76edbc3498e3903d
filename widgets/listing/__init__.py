"""Long tables whose rows are sorted, filtered, grouped and folded."""
