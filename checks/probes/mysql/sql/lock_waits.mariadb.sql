-- Fast tier, only while some transaction waits for a row: who waits for whom.
-- 0.1 ms of the server's CPU for a few.
SELECT
    requesting_trx_id AS waiting,
    blocking_trx_id AS blocking
FROM information_schema.INNODB_LOCK_WAITS
LIMIT 5000
