"""The package that the guide's programs import."""
