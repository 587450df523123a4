"""Corpora: where images come from and what their own annotations say. Nothing here knows a model."""

from __future__ import annotations

from emocam_widgets.corpus.base import Corpus
from emocam_widgets.corpus.images import MAX_PIXELS, SUFFIXES, read_image

__all__ = ["MAX_PIXELS", "SUFFIXES", "Corpus", "read_image"]
