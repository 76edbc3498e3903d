-- Fast tier, every run, on MySQL before 8.0.22: a row for each channel. Documented, not measured.
SHOW SLAVE STATUS
