"""Scripts for the developers of onwatch; none is shipped."""
