-- Fast tier, every run, on MySQL; MariaDB has these in its status. Documented, not measured.
SELECT
    NAME AS name,
    COUNT AS value
FROM information_schema.INNODB_METRICS
WHERE NAME IN ('trx_rseg_history_len', 'lock_deadlocks', 'lock_timeouts')
