"""What `make docs` needs beside MkDocs: docstrings, notebooks, commands and formulas as pages of the site."""

from __future__ import annotations
