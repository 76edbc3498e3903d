-- Fast tier, every run, on MySQL; less often where it takes longer. Documented, not measured.
SELECT
    COMMAND AS command,
    STATE AS state,
    COUNT(*) AS sessions,
    SUM(TIME) AS seconds
FROM performance_schema.processlist
GROUP BY COMMAND, STATE
LIMIT 200
