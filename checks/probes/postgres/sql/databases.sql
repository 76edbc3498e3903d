-- Fast tier, every run. A row for each database (200 at most) and one for shared objects
-- (datid 0), each with the figures of the whole server: 0.09 ms of the server's CPU for four
-- databases. Reads counters in shared memory and the rows of pg_database.
SELECT
    d.datid::int8 AS datid,
    namesend(d.datname) AS datname,
    d.numbackends::int8 AS numbackends,
    d.xact_commit,
    d.xact_rollback,
    d.blks_read,
    d.blks_hit,
    d.tup_returned,
    d.tup_fetched,
    d.tup_inserted,
    d.tup_updated,
    d.tup_deleted,
    d.conflicts,
    d.temp_files,
    d.temp_bytes,
    d.deadlocks,
    d.blk_read_time,
    d.blk_write_time,
    d.checksum_failures,
    extract(epoch FROM d.stats_reset)::float8 AS stats_reset,
    server.*
FROM
    pg_stat_database AS d,
    (
        SELECT
            pg_is_in_recovery() AS in_recovery,
            extract(epoch FROM clock_timestamp())::float8 AS now,
            extract(epoch FROM pg_postmaster_start_time())::float8 AS started,
            txid_snapshot_xmax(txid_current_snapshot())::int8 AS next_xid,
            current_setting('max_connections')::int8 AS max_connections,
            current_setting('superuser_reserved_connections')::int8
            + coalesce(current_setting('reserved_connections', true)::int8, 0) AS reserved,
            (SELECT count(*) FROM pg_stat_get_wal_senders()) AS senders,
            (SELECT count(*) FROM pg_get_replication_slots()) AS slots
    ) AS server
LIMIT 201
