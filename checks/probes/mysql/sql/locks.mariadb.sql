-- Fast tier, only while some transaction waits for a row: what it waits for.
-- 0.1 ms of the server's CPU for a few.
SELECT
    lock_id AS lock_id,
    lock_mode AS lock_mode,
    lock_table AS lock_table,
    lock_index AS lock_index
FROM information_schema.INNODB_LOCKS
LIMIT 5000
