-- Fast tier, every run, from MySQL 8.0.22 on: a row for each channel. Documented, not measured.
SHOW REPLICA STATUS
