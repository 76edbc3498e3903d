-- Slow tier. The $1 largest tables of this database, from a megabyte on, with the pages that their
-- rows would fill if each were as wide as the planner's statistics say. Nothing is opened, so
-- nothing waits; only of tables that this role may read, and that were analysed. 0.14 ms of the
-- server's CPU where there are few, 10 ms where 50 are chosen among 5,000.
WITH largest AS MATERIALIZED (
    SELECT
        c.oid,
        n.nspname,
        c.relname,
        c.reltuples,
        c.relpages,
        c.relnatts,
        coalesce(
            (
                SELECT o.option_value::int4
                FROM pg_options_to_table(c.reloptions) AS o
                WHERE o.option_name = 'fillfactor'
            ),
            100
        ) AS fillfactor,
        current_setting('block_size')::int4 AS page
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE
        c.relkind IN ('r', 'm')
        AND c.relpersistence <> 't'
        AND c.relpages >= (SELECT 1048576 / current_setting('block_size')::int4)
        AND c.reltuples >= 0
        AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND n.nspname !~ '^pg_toast'
    ORDER BY c.relpages DESC, c.oid
    LIMIT $1
),

-- A row has a header of 23 bytes, a bit for each column where any is null, and a pointer of four;
-- each begins at a multiple of eight. A page has a header of 24.
-- The aggregate has each table's statistics looked up; a join would read those of all columns.
measured AS MATERIALIZED (
    SELECT
        l.oid,
        8 * ceil((23 + CASE WHEN s.nulls THEN ceil(l.relnatts / 8.0) ELSE 0 END) / 8.0)
        + 8 * ceil(s.width / 8) + 4 AS bytes
    FROM largest AS l
    CROSS JOIN LATERAL (
        SELECT
            max(p.null_frac) > 0 AS nulls,
            sum((1 - p.null_frac) * p.avg_width) AS width
        FROM pg_stats AS p
        WHERE p.schemaname = l.nspname AND p.tablename = l.relname AND NOT p.inherited
    ) AS s
    WHERE s.width IS NOT NULL
)

SELECT
    namesend(l.nspname) AS schemaname,
    namesend(l.relname) AS relname,
    l.relpages::int8 * l.page AS real_size,
    ceil(
        l.reltuples / greatest(1, floor((l.page - 24) * l.fillfactor / 100.0 / m.bytes))
    )::int8 * l.page AS needed
FROM largest AS l
INNER JOIN measured AS m ON m.oid = l.oid
ORDER BY l.relpages DESC, l.oid
