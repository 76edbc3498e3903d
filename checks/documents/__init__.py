"""YAML files that users write: read with lines, bounded, and only where they can be trusted."""
