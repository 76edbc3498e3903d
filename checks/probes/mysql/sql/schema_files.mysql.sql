-- Slow tier, where there are many tables: what each database takes on disk, without opening a
-- table. Documented for MySQL 8, not measured.
SELECT
    SUBSTRING_INDEX(NAME, '/', 1) AS table_schema,
    COUNT(*) AS tables,
    SUM(FILE_SIZE) AS bytes
FROM information_schema.INNODB_TABLESPACES
WHERE NAME LIKE '%%/%%'
GROUP BY SUBSTRING_INDEX(NAME, '/', 1)
LIMIT 1000
