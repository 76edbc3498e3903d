-- Fast tier, only while some session waits for a metadata lock and performance_schema sees them:
-- who waits for whom. 0.5 ms of the server's CPU for a hundred locks.
SELECT DISTINCT
    w.PROCESSLIST_ID AS waiting,
    h.PROCESSLIST_ID AS blocking,
    CONCAT_WS('.', wanted.OBJECT_SCHEMA, wanted.OBJECT_NAME) AS name
FROM performance_schema.metadata_locks AS wanted
INNER JOIN performance_schema.metadata_locks AS held
    ON
        held.OBJECT_TYPE = wanted.OBJECT_TYPE
        AND held.OBJECT_SCHEMA <=> wanted.OBJECT_SCHEMA
        AND held.OBJECT_NAME <=> wanted.OBJECT_NAME
        AND held.LOCK_STATUS = 'GRANTED'
        AND held.OWNER_THREAD_ID <> wanted.OWNER_THREAD_ID
INNER JOIN performance_schema.threads AS w ON w.THREAD_ID = wanted.OWNER_THREAD_ID
INNER JOIN performance_schema.threads AS h ON h.THREAD_ID = held.OWNER_THREAD_ID
WHERE
    wanted.LOCK_STATUS = 'PENDING'
    AND w.PROCESSLIST_ID IS NOT NULL
    AND h.PROCESSLIST_ID IS NOT NULL
LIMIT 2000
