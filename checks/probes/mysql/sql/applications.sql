-- On demand, where performance_schema is on: what programs the sessions are of.
-- 0.1 ms of the server's CPU for ten sessions.
SELECT
    PROCESSLIST_ID AS id,
    ATTR_VALUE AS program
FROM performance_schema.session_connect_attrs
WHERE ATTR_NAME = 'program_name'
LIMIT 5000
