-- Slow tier, and once a connection: 0.4 ms of the server's CPU.
SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names})
