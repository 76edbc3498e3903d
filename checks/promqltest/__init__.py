"""Prometheus' language for tests of PromQL: scripts, their data, what they expect, a runner.

The language is described in ``promql/promqltest/README.md`` of Prometheus; this is an
implementation of its own, which reads every construct and runs what needs no native histograms.
"""
