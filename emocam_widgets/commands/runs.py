"""The argument RUN that the commands on a stored analysis share: a folder, an address, or the demo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from emocam_widgets.run import Run

DEMO = "demo"
DEMO_METHODS = ("grad-cam", "ablation-cam", "lift-cam", "lrp-cam", "lime-cam")
"""What is compared on the demo unless asked otherwise: the paper's five."""

RUN = click.argument("run", metavar="RUN")
METHODS = click.option(
    "--method", "methods", multiple=True, help="A method to compare; repeat it for more (default: all of the run's)."
)


def opened(run: str, demo_methods: Sequence[str] = DEMO_METHODS) -> Run:
    """The run at a path or address, or the demo's, analysed with ``demo_methods`` as far as it is not yet."""
    if run == DEMO:
        from emocam_widgets import demo_session

        return demo_session.prepare(list(demo_methods))
    from emocam_widgets.run import open_run

    return open_run(run)
