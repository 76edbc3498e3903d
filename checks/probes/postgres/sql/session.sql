-- After an action: what the session does now. No row where it is gone.
SELECT
    a.state,
    (extract(epoch FROM a.query_start) * 1000000)::int8 AS query_start
FROM pg_stat_get_activity($1::int4) AS a
WHERE (extract(epoch FROM a.backend_start) * 1000000)::int8 = $2
