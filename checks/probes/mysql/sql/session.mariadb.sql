-- Fast tier, while something takes long or waits, and an action: these sessions. Parameter: their
-- ids. 0.3 to 2 ms of the server's CPU.
SELECT
    ID AS id,
    USER AS user,
    HOST AS host,
    DB AS db,
    COMMAND AS command,
    TIME_MS / 1000 AS seconds,
    IF(MAX_STAGE, CONCAT(STATE, ' ', STAGE, '/', MAX_STAGE, ' ', ROUND(PROGRESS), ' %%'), STATE) AS state,
    QUERY_ID AS query_id,
    LEFT(INFO, 4000) AS info
FROM information_schema.PROCESSLIST
WHERE ID IN %s
