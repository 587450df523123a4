"""Tests in a real JupyterLab and a real Chromium."""

from __future__ import annotations
