-- Slow tier, where there are many tables: what each database takes on disk, without opening a
-- table. 57 ms of the server's CPU for 10,000 tables.
SELECT
    SUBSTRING_INDEX(NAME, '/', 1) AS table_schema,
    COUNT(*) AS tables,
    SUM(FILE_SIZE) AS bytes
FROM information_schema.INNODB_SYS_TABLESPACES
WHERE NAME LIKE '%%/%%'
GROUP BY SUBSTRING_INDEX(NAME, '/', 1)
LIMIT 1000
