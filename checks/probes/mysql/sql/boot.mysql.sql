-- Once a connection: the second at which the server was started. Both times are those at which the
-- statement began, so that it is exact. Documented, not measured.
SELECT UNIX_TIMESTAMP() - VARIABLE_VALUE AS started
FROM performance_schema.global_status
WHERE VARIABLE_NAME = 'Uptime'
