-- Fast tier, only where replicas are connected: a row for each (100 at most). 0.09 ms of the
-- server's CPU.
SELECT
    textsend(r.application_name) AS application_name,
    host(r.client_addr) AS client_addr,
    r.state,
    r.sync_state,
    s.slot_name::text AS slot_name,
    extract(epoch FROM r.replay_lag)::float8 AS replay_lag,
    pg_wal_lsn_diff(here.lsn, '0/0')::float8 AS here,
    pg_wal_lsn_diff(here.lsn, r.replay_lsn)::float8 AS behind
FROM pg_stat_replication AS r
CROSS JOIN (
    SELECT
        CASE
            WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
            ELSE pg_current_wal_lsn()
        END AS lsn
) AS here
LEFT JOIN pg_get_replication_slots() AS s ON s.active_pid = r.pid
ORDER BY r.pid
LIMIT 100
