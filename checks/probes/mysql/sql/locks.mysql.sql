-- Fast tier, only while some transaction waits for a row: what it waits for. Documented for
-- MySQL 8, not measured.
SELECT
    ENGINE_LOCK_ID AS lock_id,
    LOCK_MODE AS lock_mode,
    CONCAT('`', OBJECT_SCHEMA, '`.`', OBJECT_NAME, '`') AS lock_table,
    INDEX_NAME AS lock_index
FROM performance_schema.data_locks
WHERE LOCK_STATUS = 'WAITING'
LIMIT 5000
