"""Tests of the developers' own tools."""
