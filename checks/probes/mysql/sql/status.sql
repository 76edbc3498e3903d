-- Fast tier, every run. The server adds up the figures of all sessions, and compares each of
-- its 560 names: 0.35 ms of its CPU for the 140 that are asked for, 5 ms with 5,000 sessions
-- (SHOW GLOBAL STATUS in full: 0.95 ms, and 2 ms here).
SHOW GLOBAL STATUS WHERE Variable_name IN ({names})
