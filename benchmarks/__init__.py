"""Benchmarks: each measures a few figures against their targets, in one run, and gates no test."""

from __future__ import annotations
