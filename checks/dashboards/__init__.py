"""Dashboards: the user's panels, and those of Grafana's JSON, on what onwatch itself holds."""
