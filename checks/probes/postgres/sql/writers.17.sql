-- Slow tier. The archiver, the checkpointer and the background writer. Counters in shared
-- memory: 0.03 ms of the server's CPU. What backends write themselves is in pg_stat_io since
-- PostgreSQL 17.
SELECT
    a.archived_count,
    a.failed_count,
    extract(epoch FROM clock_timestamp() - a.last_archived_time)::float8 AS archive_age,
    extract(epoch FROM clock_timestamp() - a.last_failed_time)::float8 AS failure_age,
    c.num_timed AS checkpoints_timed,
    c.num_requested AS checkpoints_req,
    c.write_time AS checkpoint_write_time,
    c.sync_time AS checkpoint_sync_time,
    c.buffers_written AS buffers_checkpoint,
    b.buffers_clean,
    b.maxwritten_clean,
    NULL::int8 AS buffers_backend,
    NULL::int8 AS buffers_backend_fsync,
    b.buffers_alloc
FROM pg_stat_archiver AS a, pg_stat_checkpointer AS c, pg_stat_bgwriter AS b
