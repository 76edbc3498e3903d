"""The ready configurations in examples/, each run on servers with its system's schema and data."""
