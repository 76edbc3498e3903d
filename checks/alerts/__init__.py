"""Alerts: what is wrong now, by the checks' own statuses and by Prometheus' rules."""
