-- Fast tier, while something takes long or waits, and an action: these sessions. Parameter: their
-- ids. Documented for MySQL, not measured.
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
FROM information_schema.PROCESSLIST
WHERE ID IN %s
