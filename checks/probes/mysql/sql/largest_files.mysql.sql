-- Slow tier, where there are many tables: the largest files of InnoDB, without opening a table.
-- Parameter: how many. Documented for MySQL 8, not measured.
SELECT
    NAME AS name,
    FILE_SIZE AS bytes
FROM information_schema.INNODB_TABLESPACES
WHERE NAME LIKE '%%/%%'
ORDER BY FILE_SIZE DESC
LIMIT %s
