-- Slow tier. Every setting that is a number or a switch, but for those named, and whatever waits
-- for a restart. 0.65 ms of the server's CPU, most of it for making the text of every setting
-- there is.
SELECT
    s.name,
    s.setting,
    s.unit,
    s.vartype,
    s.pending_restart
FROM pg_settings AS s
WHERE
    (s.vartype IN ('bool', 'integer', 'real') AND s.name <> ALL($1::text []))
    OR s.pending_restart
