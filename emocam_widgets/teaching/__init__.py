"""Exercises and questions for the notebooks: answered by clicking and dragging; they hint, and never tell the answer.

One module per notebook holds its checks; `steps` holds what they share.
"""

from __future__ import annotations

from emocam_widgets.teaching.classroom import classroom, proof_question, puzzle_picture
from emocam_widgets.teaching.covered import Covered
from emocam_widgets.teaching.fields_results import baseline_question, published_results
from emocam_widgets.teaching.guess import Guess
from emocam_widgets.teaching.head_table import ball_and_heads, silhouette_question
from emocam_widgets.teaching.make_it_flip import flip_guess, make_it_flip
from emocam_widgets.teaching.methods_agree import methods_agree, what_agreement_shows
from emocam_widgets.teaching.one_image import one_image, size_question
from emocam_widgets.teaching.photographer import grey_question, photographer_reads, photographer_tests
from emocam_widgets.teaching.pictures import first_picture, picture_folder
from emocam_widgets.teaching.presence import presence_and_use, presence_is_not_use
from emocam_widgets.teaching.reading_bars import place_question, predicted_as, read_the_bars, switch_guess
from emocam_widgets.teaching.silhouettes import object_or_cover
from emocam_widgets.teaching.small_box import first_boxes, first_by_score, score_question, small_box
from emocam_widgets.teaching.start_here import start_here
from emocam_widgets.teaching.steps import Exercise, Question, Step
from emocam_widgets.teaching.what_drives import face_first, what_drives
from emocam_widgets.teaching.your_own import (
    Mistakes,
    known_pictures,
    miswrapped,
    warm_or_cool,
    wrapping_table,
    your_own,
)

__all__ = [
    "Covered",
    "Exercise",
    "Guess",
    "Mistakes",
    "Question",
    "Step",
    "ball_and_heads",
    "baseline_question",
    "classroom",
    "face_first",
    "first_boxes",
    "first_by_score",
    "first_picture",
    "flip_guess",
    "grey_question",
    "known_pictures",
    "make_it_flip",
    "methods_agree",
    "miswrapped",
    "object_or_cover",
    "one_image",
    "photographer_reads",
    "photographer_tests",
    "picture_folder",
    "place_question",
    "predicted_as",
    "presence_and_use",
    "presence_is_not_use",
    "proof_question",
    "published_results",
    "puzzle_picture",
    "read_the_bars",
    "score_question",
    "silhouette_question",
    "size_question",
    "small_box",
    "start_here",
    "switch_guess",
    "warm_or_cool",
    "what_agreement_shows",
    "what_drives",
    "wrapping_table",
    "your_own",
]
