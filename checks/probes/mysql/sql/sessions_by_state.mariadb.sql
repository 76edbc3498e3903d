-- Fast tier, with more than 300 sessions; less often where it takes longer. Makes a temporary
-- table of all sessions: 16 ms of the server's CPU for 5,000.
SELECT
    COMMAND AS command,
    STATE AS state,
    COUNT(*) AS sessions,
    SUM(TIME) AS seconds
FROM information_schema.PROCESSLIST
GROUP BY COMMAND, STATE
LIMIT 200
