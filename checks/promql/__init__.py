"""PromQL over the store: syntax, evaluation, functions."""
