"""Grafana's dashboards, of old and new versions, read from their JSON.

https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
"""
