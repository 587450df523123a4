"""Tests of emocam-widgets."""

from __future__ import annotations
