-- What the table or view of a request log is: its columns. Parameters: schema, name.
-- Cost: opens that one table's definition, 0.3 ms; once a minute.
SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, PRIVILEGES
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s
ORDER BY ORDINAL_POSITION
