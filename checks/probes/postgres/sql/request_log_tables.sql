-- Tables and views where the one of a request log should be: $1 is its schema, empty where
-- the search path finds it.
-- Cost: reads the catalogue's list of tables, 3 ms for 10,000; only when the table is missing.
SELECT c.relname::text
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND CASE WHEN $1::text = '' THEN n.nspname = ANY (current_schemas(false))
        ELSE n.nspname IN ($1::text, lower($1::text)) END
ORDER BY c.relname
LIMIT 2000
