-- Fast tier, every run; less often where it takes longer. Makes a temporary table of all sessions:
-- 0.3 ms of the server's CPU for ten, 16 ms for 5,000.
SELECT
    COMMAND AS command,
    STATE AS state,
    COUNT(*) AS sessions,
    SUM(TIME) AS seconds
FROM information_schema.PROCESSLIST
GROUP BY COMMAND, STATE
LIMIT 200
