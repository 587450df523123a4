"""The commands of `emocam`, one module each; the module of a command is imported only when it is asked for."""

from __future__ import annotations
