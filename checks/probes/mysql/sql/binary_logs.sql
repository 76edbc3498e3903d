-- Slow tier, where binary logs are written: looks at each file's size, 5 µs each.
SHOW BINARY LOGS
