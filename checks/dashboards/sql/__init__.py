"""Panels in SQL: their macros, when they are asked, and what the rows say."""
