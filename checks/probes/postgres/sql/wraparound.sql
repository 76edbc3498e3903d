-- Slow tier. A row for each database (200 at most): how old its oldest unfrozen row is, and how
-- many connections it may have. A scan of pg_database: 0.03 ms of the server's CPU.
SELECT
    namesend(d.datname) AS datname,
    age(d.datfrozenxid)::int8 AS xid_age,
    mxid_age(d.datminmxid)::int8 AS mxid_age,
    d.datconnlimit::int8 AS connection_limit,
    d.datallowconn AS connectable
FROM pg_database AS d
ORDER BY d.oid
LIMIT 200
