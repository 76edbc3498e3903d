"""Log files and the journal: followed, read into records, counted, and shown."""
