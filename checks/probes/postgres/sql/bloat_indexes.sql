-- Slow tier. The $1 largest B-tree indexes of this database, from a megabyte on, with the pages
-- that their entries would fill if each were as wide as the planner's statistics say. Nothing is
-- opened, so nothing waits; only of tables that this role may read, and that were analysed.
-- 0.13 ms of the server's CPU where there are few, 20 ms where 50 are chosen among 5,000.
WITH largest AS MATERIALIZED (
    SELECT
        c.oid,
        n.nspname,
        t.relname,
        c.relname AS idxname,
        c.reltuples,
        c.relpages,
        i.indrelid,
        i.indkey,
        coalesce(
            (
                SELECT o.option_value::int4
                FROM pg_options_to_table(c.reloptions) AS o
                WHERE o.option_name = 'fillfactor'
            ),
            90
        ) AS fillfactor,
        current_setting('block_size')::int4 AS page
    FROM pg_index AS i
    INNER JOIN pg_class AS c ON c.oid = i.indexrelid
    INNER JOIN pg_am AS a ON a.oid = c.relam
    INNER JOIN pg_class AS t ON t.oid = i.indrelid
    INNER JOIN pg_namespace AS n ON n.oid = t.relnamespace
    WHERE
        a.amname = 'btree'
        AND i.indisvalid
        AND c.relpersistence <> 't'
        AND c.relpages >= (SELECT 1048576 / current_setting('block_size')::int4)
        AND c.reltuples >= 0
        AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND n.nspname !~ '^pg_toast'
    ORDER BY c.relpages DESC, c.oid
    LIMIT $1
),

-- An entry has a header of eight bytes, eight more where a column may be null, and a pointer of
-- four; each begins at a multiple of eight. A page has 24 bytes of header and 16 at its end. What
-- an expression yields has its statistics under the index's own name.
measured AS MATERIALIZED (
    SELECT
        l.oid,
        CASE WHEN max(s.null_frac) > 0 THEN 16 ELSE 8 END
        + 8 * ceil(sum((1 - s.null_frac) * s.avg_width) / 8) + 4 AS bytes
    FROM largest AS l
    CROSS JOIN LATERAL unnest(l.indkey) WITH ORDINALITY AS key (attnum, place)
    -- The limit has each column's statistics looked up; a join would read those of all columns.
    CROSS JOIN LATERAL (
        SELECT
            p.null_frac,
            p.avg_width
        FROM pg_stats AS p
        WHERE
            p.schemaname = l.nspname
            AND p.tablename = CASE WHEN key.attnum = 0 THEN l.idxname ELSE l.relname END
            AND p.attname = (
                SELECT a.attname
                FROM pg_attribute AS a
                WHERE
                    a.attrelid = CASE WHEN key.attnum = 0 THEN l.oid ELSE l.indrelid END
                    AND a.attnum = CASE WHEN key.attnum = 0 THEN key.place ELSE key.attnum END
            )
            AND NOT p.inherited
        LIMIT 1
    ) AS s
    GROUP BY l.oid
)

SELECT
    namesend(l.nspname) AS schemaname,
    namesend(l.relname) AS relname,
    namesend(l.idxname) AS idxname,
    l.relpages::int8 * l.page AS real_size,
    (
        1 + ceil(
            l.reltuples / greatest(1, floor((l.page - 40) * l.fillfactor / 100.0 / m.bytes))
        )
    )::int8 * l.page AS needed
FROM largest AS l
INNER JOIN measured AS m ON m.oid = l.oid
ORDER BY l.relpages DESC, l.oid
