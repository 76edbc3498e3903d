-- An action: ends the session that is this process and began at this
-- microsecond. No row where that session is gone.
SELECT
    namesend(pg_get_userbyid(a.usesysid)) AS usename,
    (extract(epoch FROM a.query_start) * 1000000)::int8 AS query_start,
    pg_terminate_backend(a.pid) AS done
FROM pg_stat_get_activity($1::int4) AS a
WHERE (extract(epoch FROM a.backend_start) * 1000000)::int8 = $2
