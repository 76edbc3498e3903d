"""One pass over the checks as text: a table, JSON, or a Monitoring Plugins line."""
