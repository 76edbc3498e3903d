-- Tables and views where the one of a request log should be. Parameter: schema.
-- Cost: lists the schema's directory; only when the table is missing.
SELECT TABLE_NAME
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = %s
ORDER BY TABLE_NAME
LIMIT 2000
