-- Slow tier, where there are no more than a few hundred tables: opens each, 0.12 ms of the
-- server's CPU a table.
SELECT
    TABLE_SCHEMA AS table_schema,
    TABLE_NAME AS table_name,
    ENGINE AS engine,
    TABLE_ROWS AS table_rows,
    DATA_LENGTH AS data_length,
    INDEX_LENGTH AS index_length,
    DATA_FREE AS data_free
FROM information_schema.TABLES
WHERE
    TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')
    AND TABLE_TYPE <> 'VIEW'
