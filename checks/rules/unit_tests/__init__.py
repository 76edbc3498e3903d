"""Tests of rules, as ``promtool test rules`` reads and runs them."""
