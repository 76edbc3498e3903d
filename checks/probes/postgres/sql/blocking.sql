-- Fast tier, only while some session waits for a lock: those who wait (30 at most) and those
-- they wait for. pg_blocking_pids takes all partitions of the lock
-- table for some microseconds for each of them: 0.2 ms of the server's CPU for five. Before
-- PostgreSQL 14 nobody knows since when they wait; their statements' age stands for it.
-- Who waits is asked of pg_locks, which needs no privilege.
WITH waiting AS MATERIALIZED (
    SELECT
        w.pid,
        pg_blocking_pids(w.pid) AS blockers
    FROM (
        SELECT DISTINCT l.pid
        FROM pg_locks AS l
        WHERE NOT l.granted
        ORDER BY l.pid
        LIMIT 30
    ) AS w
)

SELECT
    a.pid::int8 AS pid,
    (extract(epoch FROM a.backend_start) * 1000000)::int8 AS started,
    coalesce(a.datid, 0)::int8 AS datid,
    namesend(pg_get_userbyid(a.usesysid)) AS usename,
    textsend(a.application_name) AS application_name,
    host(a.client_addr) AS client_addr,
    a.client_port,
    a.backend_type,
    a.state,
    a.wait_event_type,
    a.wait_event,
    extract(epoch FROM clock_timestamp() - coalesce(a.state_change, a.query_start))::float8 AS in_state,
    extract(epoch FROM clock_timestamp() - a.query_start)::float8 AS query_age,
    extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS transaction,
    waiting.blockers AS blocked_by,
    CASE WHEN waiting.pid IS NOT NULL THEN
        extract(epoch FROM clock_timestamp() - a.query_start)::float8
    END AS waits,
    substring(textsend(a.query) FROM 1 FOR 2000) AS query
FROM pg_stat_get_activity(NULL) AS a
LEFT JOIN waiting ON waiting.pid = a.pid
WHERE waiting.pid IS NOT NULL OR a.pid IN (SELECT unnest(blockers) FROM waiting)
ORDER BY waits DESC NULLS LAST, a.pid
LIMIT 60
