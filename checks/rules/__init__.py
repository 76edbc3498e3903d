"""Prometheus rule files: read, checked, evaluated group by group, tested."""
