"""The engine: polls targets, keeps samples, judges them. Knows no terminal."""
