"""Tables in, tables out: importance, association, paste results, and how they fare against a known truth."""

from __future__ import annotations
