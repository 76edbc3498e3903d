"""Runbooks: Markdown files whose fenced blocks are steps that can be run."""
