-- Slow tier, where performance_schema is on: the statements that took most time in all.
-- Parameter: how many. 3 ms of the server's CPU for 1,000 digests.
SELECT
    SCHEMA_NAME AS schema_name,
    DIGEST AS digest,
    LEFT(DIGEST_TEXT, 1000) AS digest_text,
    COUNT_STAR AS count_star,
    SUM_TIMER_WAIT AS sum_timer_wait,
    MAX_TIMER_WAIT AS max_timer_wait,
    SUM_ERRORS AS sum_errors,
    SUM_WARNINGS AS sum_warnings,
    SUM_ROWS_AFFECTED AS sum_rows_affected,
    SUM_ROWS_SENT AS sum_rows_sent,
    SUM_ROWS_EXAMINED AS sum_rows_examined,
    SUM_CREATED_TMP_DISK_TABLES AS sum_created_tmp_disk_tables,
    SUM_CREATED_TMP_TABLES AS sum_created_tmp_tables,
    SUM_SORT_MERGE_PASSES AS sum_sort_merge_passes,
    SUM_SORT_ROWS AS sum_sort_rows,
    SUM_NO_INDEX_USED AS sum_no_index_used
FROM performance_schema.events_statements_summary_by_digest
WHERE SCHEMA_NAME IS NULL OR SCHEMA_NAME NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')
ORDER BY SUM_TIMER_WAIT DESC
LIMIT %s
