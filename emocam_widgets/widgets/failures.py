"""The images of a run that could not be used, with the reasons, as the front ends list them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emocam_widgets.run import Run

LISTED = 1000  # of which a reader looks for a pattern; all are in `run.failures`


def failures_message(run: Run) -> dict[str, Any]:
    """How many there are, and the first of them as [image id, reason]."""
    failures = run.failures
    listed = failures.head(LISTED)
    return {
        "count": len(failures),
        "listed": [[str(one), str(reason)] for one, reason in zip(listed["image_id"], listed["reason"], strict=True)],
    }
