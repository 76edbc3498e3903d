-- Fast tier, only while some transaction waits for a row: who waits for whom. Documented for
-- MySQL 8, not measured.
SELECT DISTINCT
    REQUESTING_ENGINE_TRANSACTION_ID AS waiting,
    BLOCKING_ENGINE_TRANSACTION_ID AS blocking
FROM performance_schema.data_lock_waits
LIMIT 5000
