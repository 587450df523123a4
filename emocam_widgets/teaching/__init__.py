"""Exercises and questions for the notebooks: answered by clicking and dragging; they hint, and never tell the answer.

One module per notebook holds its checks; `steps` holds what they share.
"""

from __future__ import annotations

from emocam_widgets.teaching.start_here import start_here
from emocam_widgets.teaching.steps import Exercise, Question, Step

__all__ = ["Exercise", "Question", "Step", "start_here"]
