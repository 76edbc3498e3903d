-- Fast tier, every run, on MySQL before 8.0.22 or without performance_schema; less often where
-- it takes longer. Documented, not measured.
SELECT
    COMMAND AS command,
    STATE AS state,
    COUNT(*) AS sessions,
    SUM(TIME) AS seconds
FROM information_schema.PROCESSLIST
GROUP BY COMMAND, STATE
LIMIT 200
