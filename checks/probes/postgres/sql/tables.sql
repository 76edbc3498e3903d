-- Slow tier. The $1 largest tables of this database by the planner's pages, and a fifth as many
-- with the most dead rows. 0.2 ms of the server's CPU where there are few, 12 ms where 50 are
-- chosen among 10,000. Sizes are left out of tables that somebody holds, or waits to hold, to
-- himself: asking would wait for him.
WITH own AS MATERIALIZED (
    SELECT
        c.oid,
        c.relpages,
        pg_stat_get_dead_tuples(c.oid) AS dead
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE
        c.relkind IN ('r', 'm')
        AND c.relpersistence <> 't'
        AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND n.nspname !~ '^pg_toast'
),

chosen AS MATERIALIZED (
    (SELECT own.oid FROM own ORDER BY own.relpages DESC, own.oid LIMIT $1)
    UNION
    (SELECT own.oid FROM own WHERE own.dead > 0 ORDER BY own.dead DESC, own.oid LIMIT $1 / 5 + 1)
),

held AS MATERIALIZED (
    SELECT l.relation
    FROM pg_locks AS l
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
)

SELECT
    namesend(s.schemaname) AS schemaname,
    namesend(s.relname) AS relname,
    s.seq_scan,
    s.seq_tup_read,
    s.idx_scan,
    s.idx_tup_fetch,
    s.n_tup_ins,
    s.n_tup_upd,
    s.n_tup_del,
    s.n_tup_hot_upd,
    s.n_live_tup,
    s.n_dead_tup,
    s.n_mod_since_analyze,
    coalesce(extract(epoch FROM s.last_vacuum), 0)::float8 AS last_vacuum,
    coalesce(extract(epoch FROM s.last_autovacuum), 0)::float8 AS last_autovacuum,
    coalesce(extract(epoch FROM s.last_analyze), 0)::float8 AS last_analyze,
    coalesce(extract(epoch FROM s.last_autoanalyze), 0)::float8 AS last_autoanalyze,
    s.vacuum_count,
    s.autovacuum_count,
    s.analyze_count,
    s.autoanalyze_count,
    CASE WHEN s.relid NOT IN (SELECT relation FROM held) THEN pg_table_size(s.relid) END
        AS table_size,
    CASE WHEN s.relid NOT IN (SELECT relation FROM held) THEN pg_indexes_size(s.relid) END
        AS indexes_size
FROM pg_stat_all_tables AS s
WHERE s.relid = ANY(ARRAY(SELECT chosen.oid FROM chosen))
