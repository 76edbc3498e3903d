-- Slow tier. The $1 largest indexes of this database by the planner's pages, and those that are
-- not valid. Nothing is opened, so nothing waits: 0.1 ms of the server's CPU where there are
-- few, 6 ms where 50 are chosen among 10,000.
SELECT
    namesend(n.nspname) AS schemaname,
    namesend(t.relname) AS relname,
    namesend(c.relname) AS indexrelname,
    pg_stat_get_numscans(c.oid) AS idx_scan,
    c.relpages::int8 * current_setting('block_size')::int8 AS bytes,
    i.indisvalid AS valid,
    i.indisunique OR i.indisexclusion AS constrains
FROM (
    (
        SELECT
            x.oid,
            x.relname,
            x.relnamespace,
            x.relpages
        FROM pg_class AS x
        INNER JOIN pg_namespace AS m ON m.oid = x.relnamespace
        WHERE
            x.relkind = 'i'
            AND x.relpersistence <> 't'
            AND m.nspname NOT IN ('pg_catalog', 'information_schema')
            AND m.nspname !~ '^pg_toast'
        ORDER BY x.relpages DESC, x.oid
        LIMIT $1
    )
    UNION
    (
        SELECT
            y.oid,
            y.relname,
            y.relnamespace,
            y.relpages
        FROM pg_index AS z
        INNER JOIN pg_class AS y ON y.oid = z.indexrelid
        WHERE NOT z.indisvalid
        LIMIT 50
    )
) AS c
INNER JOIN pg_index AS i ON i.indexrelid = c.oid
INNER JOIN pg_class AS t ON t.oid = i.indrelid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY c.relpages DESC, c.oid
