"""The processes of this machine, scanned once for every check that wants to know of them."""
