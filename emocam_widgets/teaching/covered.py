"""Something that is not shown before the reader has committed to what they expect."""

from __future__ import annotations

from typing import Any

import ipywidgets
import traitlets as t

from emocam_widgets.teaching.steps import QUIET, WIDTH

WAITING = "This is shown once you have locked what you expect, above."


class Covered(ipywidgets.VBox):
    """A sentence in the place of a widget, until something is committed; then the widget.

    Args:
        until: has the trait ``committed``: an `emo.Expectation`, or a `Guess`.
        widget: what is shown then.

    Traits:
        lifted: whether it is shown.

    Raises:
        traitlets.TraitError: ``until`` has no trait ``committed``.
    """

    lifted = t.Bool(False)

    def __init__(self, until: t.HasTraits, widget: ipywidgets.DOMWidget) -> None:
        if not until.has_trait("committed"):
            raise t.TraitError(f"{type(until).__name__} has no trait 'committed' to wait for")
        self._until, self._widget = until, widget
        style = f"line-height:1.5;max-width:{WIDTH};padding:8px 0;color:{QUIET}"
        super().__init__([ipywidgets.HTML(f'<div style="{style}" role="status">{WAITING}</div>')])
        self.add_class("ec-covered")
        until.observe(self._follow, "committed")
        self._follow()

    def _follow(self, _change: Any = None) -> None:
        if self._until.committed and not self.lifted:  # type: ignore[attr-defined]
            self.lifted = True
            self.children = (self._widget,)
