-- What the table or view of a request log is. $1: its name; $2: its schema, empty where the
-- search path finds it. Names are taken as written, else in lower case, as the server folds them.
-- Cost: index look-ups in the catalogue, 0.3 ms; once a minute.
WITH relation AS (
    SELECT c.oid, c.relname, n.nspname, c.relkind, c.reltuples, c.relnamespace
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname IN ($1::text, lower($1::text))
        AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND CASE WHEN $2::text = '' THEN n.nspname = ANY (current_schemas(true))
            ELSE n.nspname IN ($2::text, lower($2::text)) END
    ORDER BY n.nspname = $2::text DESC, array_position(current_schemas(true), n.nspname),
        c.relname = $1::text DESC
    LIMIT 1
)
SELECT
    r.nspname::text,
    r.relname::text,
    r.relkind::text,
    -- Of a partitioned table that was never analysed: what its partitions are said to hold.
    GREATEST(r.reltuples, CASE r.relkind WHEN 'p' THEN (
        SELECT sum(GREATEST(p.reltuples, 0)) FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_class p ON p.oid = i.inhrelid WHERE i.inhparent = r.oid) END
    )::double precision,
    a.attname::text,
    COALESCE(b.typname, t.typname)::text,
    COALESCE(b.typcategory, t.typcategory)::text,
    pg_catalog.format_type(a.atttypid, NULL),
    has_schema_privilege(r.relnamespace, 'USAGE'),
    has_column_privilege(r.oid, a.attnum, 'SELECT'),
    EXISTS (
        SELECT FROM pg_catalog.pg_index x
        WHERE x.indrelid = r.oid AND x.indkey[0] = a.attnum AND x.indisvalid AND x.indpred IS NULL
    ),
    current_setting('TimeZone'),
    current_user::text,
    current_setting('server_encoding')
FROM relation r
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
ORDER BY a.attnum
