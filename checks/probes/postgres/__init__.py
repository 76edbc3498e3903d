"""Kind ``postgres``: a PostgreSQL server."""
