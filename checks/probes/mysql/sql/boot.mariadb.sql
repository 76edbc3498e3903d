-- Once a connection: the second at which the server was started. Both times are those at which the
-- statement began, so that it is exact. 0.3 ms of the server's CPU.
SELECT UNIX_TIMESTAMP() - VARIABLE_VALUE AS started
FROM information_schema.GLOBAL_STATUS
WHERE VARIABLE_NAME = 'UPTIME'
