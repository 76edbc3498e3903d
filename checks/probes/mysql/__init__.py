"""Kind ``mysql``: a MySQL or MariaDB server."""
