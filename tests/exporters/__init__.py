"""onwatch beside Debian's exporters on the same servers, and the rules for them."""
