"""Classifiers: one small protocol, one file per implementation."""
