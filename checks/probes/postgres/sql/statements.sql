-- Slow tier, where the extension pg_stat_statements is installed (version 1.7 and before):
-- the $1 statements that took the most time in all. Without their texts, which the
-- server would read from a file: 9 ms of the server's CPU for 5,000 statements.
SELECT
    t.*,
    namesend(pg_get_userbyid(t.userid::oid)) AS usename
FROM (
    SELECT
        s.userid::int8 AS userid,
        s.dbid::int8 AS datid,
        s.queryid,
        sum(s.calls)::float8 AS calls,
        sum(s.total_time)::float8 AS milliseconds,
        sum(s.rows)::float8 AS rows,
        sum(s.blk_read_time)::float8 AS read_milliseconds,
        sum(s.blk_write_time)::float8 AS write_milliseconds
    FROM {schema}.pg_stat_statements(false) AS s
    WHERE s.queryid IS NOT NULL
    GROUP BY 1, 2, 3
    ORDER BY 5 DESC, 3
    LIMIT $1
) AS t
ORDER BY t.milliseconds DESC, t.queryid
