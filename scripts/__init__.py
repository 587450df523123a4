"""What developers run in a checkout; none of it is installed."""

from __future__ import annotations
