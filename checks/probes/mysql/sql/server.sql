-- Once a connection: what answers, and as whom it let us in.
SELECT
    VERSION() AS version,
    @@version_comment AS comment,
    CURRENT_USER() AS account,
    @@hostname AS hostname
