"""The report of an incident: what it did to whom, what happened, what was done, what is to do."""
