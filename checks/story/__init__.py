"""What people do about alerts, and what becomes of them: acknowledgements, silences, incidents."""
