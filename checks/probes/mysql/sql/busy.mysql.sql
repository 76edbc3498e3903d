-- Fast tier, every run: sessions that do something, replicas, and those of transactions that
-- have been open long, wait or are waited for (parameters: their ids, twice). Documented for
-- MySQL, not measured.
SELECT
    ID AS id,
    USER AS user,
    HOST AS host,
    DB AS db,
    COMMAND AS command,
    TIME AS seconds,
    STATE AS state,
    0 AS query_id,
    LEFT(INFO, 4000) AS info
FROM performance_schema.processlist
WHERE
    COMMAND NOT IN ('Sleep', 'Daemon', 'Slave_IO', 'Slave_SQL')
    OR ID IN %s
ORDER BY ID IN %s DESC, TIME DESC, ID
LIMIT 60
