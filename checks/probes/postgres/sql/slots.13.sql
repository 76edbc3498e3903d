-- Fast tier, only where there are replication slots: a row for each (100 at most). 0.05 ms of
-- the server's CPU.
SELECT
    s.slot_name::text AS slot_name,
    s.slot_type::text AS slot_type,
    namesend(d.datname) AS database,
    s.active,
    s.wal_status,
    s.safe_wal_size,
    pg_wal_lsn_diff(
        CASE
            WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
            ELSE pg_current_wal_lsn()
        END,
        s.restart_lsn
    )::float8 AS retained
FROM pg_get_replication_slots() AS s
LEFT JOIN pg_database AS d ON d.oid = s.datoid
ORDER BY s.slot_name
LIMIT 100
