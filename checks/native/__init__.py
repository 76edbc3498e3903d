"""The files in which the databases' own clients keep addresses and passwords."""
