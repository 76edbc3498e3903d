-- Slow tier. The archiver, the checkpointer and the background writer. Counters in shared
-- memory: 0.03 ms of the server's CPU.
SELECT
    a.archived_count,
    a.failed_count,
    extract(epoch FROM clock_timestamp() - a.last_archived_time)::float8 AS archive_age,
    extract(epoch FROM clock_timestamp() - a.last_failed_time)::float8 AS failure_age,
    b.checkpoints_timed,
    b.checkpoints_req,
    b.checkpoint_write_time,
    b.checkpoint_sync_time,
    b.buffers_checkpoint,
    b.buffers_clean,
    b.maxwritten_clean,
    b.buffers_backend,
    b.buffers_backend_fsync,
    b.buffers_alloc
FROM pg_stat_archiver AS a, pg_stat_bgwriter AS b
