"""axe-core in the page: what of a widget somebody with a screen reader, a keyboard or weak eyes cannot use."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Locator

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
BAD = ("serious", "critical")
# JupyterLab's body has no height and hides what overflows: axe would take all of it for invisible and see no text.
_RUN = """async (root, [bad, only]) => {
  document.body.style.minHeight = '100vh';
  const rules = only ? {runOnly: {type: 'rule', values: [only]}} : {};
  const {violations} = await axe.run(root, {...rules, resultTypes: ['violations'], elementRef: false});
  document.body.style.minHeight = '';
  const why = (summary) => summary.split('\\n').slice(1, 3).join(' ').trim();
  return violations.filter(({impact}) => bad.includes(impact)).flatMap(({id, nodes}) => nodes.map(
    ({target, failureSummary}) => `${id}: ${target.join(' ')}: ${why(failureSummary)}`
  ));
}"""


@cache
def _source() -> str:
    return AXE.read_text(encoding="utf-8")


def violations(widget: Locator, rule: str | None = None) -> list[str]:
    """Every serious or critical violation inside the widget (of one rule): which rule, where, and what is wrong."""
    page = widget.page
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())
    found: list[str] = widget.evaluate(_RUN, [list(BAD), rule])
    return found
