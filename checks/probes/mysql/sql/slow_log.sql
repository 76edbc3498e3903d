-- Slow tier, where slow statements go to the table and it is small: the slowest of the last day.
-- Reads the whole file: 10 ms of the server's CPU for 1 MB.
SELECT
    DATE_FORMAT(start_time, '%%Y-%%m-%%d %%H:%%i:%%s') AS started,
    user_host AS user_host,
    TIME_TO_SEC(query_time) + MICROSECOND(query_time) / 1e6 AS seconds,
    rows_examined AS rows_examined,
    db AS db,
    LEFT(CONVERT(sql_text USING utf8mb4), 1000) AS sql_text
FROM mysql.slow_log
WHERE start_time > NOW() - INTERVAL 1 DAY
ORDER BY query_time DESC
LIMIT 10
