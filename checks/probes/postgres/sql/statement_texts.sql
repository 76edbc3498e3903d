-- Slow tier, where pg_stat_statements ranks a statement that was not seen before: the texts of
-- those. The server reads its file of texts for it: 4 ms of its CPU for 5,000 statements.
SELECT DISTINCT ON (s.queryid)
    s.queryid,
    substring(textsend(s.query) FROM 1 FOR 2000) AS query
FROM {schema}.pg_stat_statements(true) AS s
WHERE s.queryid = ANY($1::int8 [])
ORDER BY s.queryid
