-- An action: the session that is to be ended. Parameter: its id.
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
WHERE ID = %s
