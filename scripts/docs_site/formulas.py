"""Formulas, in fences marked `math` and between dollars, as MathML: browsers draw it without a script or a font."""

from __future__ import annotations

import re
from typing import Any

from latex2mathml.converter import convert

CODE_OR_FORMULA = re.compile(r"(?P<code>^```.*?^```|`[^`\n]+`)|\$(?P<formula>[^$\n]+)\$", re.MULTILINE | re.DOTALL)


def as_mathml(source: str, language: str, css_class: str, options: dict[str, Any], md: Any, **kwargs: Any) -> str:
    """The fence's LaTeX as one block of MathML; called by pymdownx.superfences."""
    return f'<div class="formula">{convert(source.strip(), display="block")}</div>'


def with_inline_formulas(markdown: str) -> str:
    """The text of a page with its formulas between dollars as MathML; code stays as it is."""
    return CODE_OR_FORMULA.sub(lambda found: found["code"] or convert(found["formula"]), markdown)
