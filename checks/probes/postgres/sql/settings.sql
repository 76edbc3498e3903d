-- Slow tier. The settings that are named. 0.65 ms of the server's CPU, most of it for making
-- the text of every setting there is.
SELECT
    s.name,
    s.setting,
    s.unit,
    s.vartype,
    s.pending_restart
FROM pg_settings AS s
WHERE s.name = ANY($1::text [])
