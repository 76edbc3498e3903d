-- Fast tier, every run: a row for each connection to a primary. 0.04 ms of the server's CPU.
SHOW ALL SLAVES STATUS
