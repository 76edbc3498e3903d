-- Slow tier, before the rest of it: what this role may see and do, and where
-- pg_stat_statements is. 0.03 ms of the server's CPU.
SELECT
    namesend(current_user) AS role,
    namesend(current_database()) AS database,
    pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,
    pg_has_role('pg_read_all_settings', 'USAGE') AS reads_settings,
    pg_has_role('pg_signal_backend', 'USAGE') AS signals,
    current_setting('is_superuser') = 'on' AS superuser,
    (
        SELECT quote_ident(n.nspname)
        FROM pg_extension AS e
        INNER JOIN pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements'
    ) AS statements_schema,
    (SELECT e.extversion FROM pg_extension AS e WHERE e.extname = 'pg_stat_statements')
        AS statements_version
