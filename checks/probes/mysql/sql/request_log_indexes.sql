-- The columns that an index of a request log's table begins with. Parameters: schema, name.
-- Cost: opens that one table, 0.3 ms; once a minute.
SELECT DISTINCT COLUMN_NAME
FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s AND SEQ_IN_INDEX = 1
