"""The demo's shop: an application on PostgreSQL, its users, and what they do wrong."""
