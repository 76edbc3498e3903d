"""What is shown from afar: large figures and few words."""
