"""Options and phrases that several commands share."""

from __future__ import annotations

import click

DEVICE = click.option("--device", help="Torch's name of the device: cpu, cuda, mps (default: the fastest one here).")
THRESHOLD = click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.3,
    show_default=True,
    help="A box counts where its importance is above it.",
)
MIN_CONFIDENCE = click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    help="Boxes below it do not count (default: what the detector names; the run keeps those from 0.005).",
)
QUIET = click.option("--quiet", is_flag=True, help="No progress bar.")


def count(number: int, one: str, many: str | None = None) -> str:
    """ "3 images", "1 image"; `many` where it is not `one` with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
