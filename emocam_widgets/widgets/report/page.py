"""The report as one HTML file: what is read without JavaScript, the front end, and the data, all in one text.

Everything that comes from the run is escaped here, and nothing may be loaded or sent: the page's own policy forbids it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from emocam_widgets.errors import EmocamError

if TYPE_CHECKING:
    import pandas as pd

    from emocam_widgets.run import Run

LISTED_FAILURES = 50
LISTED_CELLS = 25
LIMITATION = (
    "A CAM shows where a classifier's output depends on the picture, at the map's own resolution; an association is a "
    "count over this run's images, not a cause. Cells with fewer than five images are never called strong."
)
NO_SCRIPT = "The pictures and the clickable heatmap of this report need JavaScript; what follows does not."
SYNTHETIC = "Synthetic: drawn images or models trained on them. This is no finding about real images."


@dataclass(frozen=True)
class Story:
    """What the readable part of a report says beside the run's manifest.

    Attributes:
        settings: how boxes were counted, by name.
        strong: the strongest cells, as ``Association.strong`` gives them, or None where the run has no CAM.
        notes: what was left out, in sentences.
    """

    settings: Mapping[str, str]
    strong: pd.DataFrame | None
    notes: Sequence[str]


def page(title: str, readable: str, script: str, style: str, data: Mapping[str, bytes]) -> str:
    """The whole file.

    Args:
        title: of the page, as plain text.
        readable: HTML that needs no script.
        script, style: the built front end.
        data: what the front end reads, by name.
    """
    if "</script" in script.lower() or "</style" in style.lower():
        raise EmocamError(
            "The built front end of the report cannot be embedded; build it again: npm --prefix js run build."
        )
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(script, style)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{escape(title)}</title>",
            f"<style>{style}</style>",
            '<body class="ec rp">',
            '<div id="emocam-app"><p class="rp-opening">Opening the report…</p></div>',
            f"<noscript><p>{NO_SCRIPT}</p></noscript>",
            readable,
            *(_data(name, content) for name, content in data.items()),
            f'<script type="module">{script}</script>',
            "</body>",
            "</html>",
            "",
        ]
    )


def _policy(script: str, style: str) -> str:
    """No network at all; only this script and this style sheet; pictures only from the page's own memory."""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src blob: data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(name: str, content: bytes) -> str:
    # A script of a type that no browser runs holds text as it is; base64 has no character that could end it.
    return f'<script type="text/plain" id="emocam-{name}">{base64.b64encode(content).decode()}</script>'


def readable_part(run: Run, story: Story) -> str:
    """What the run is, how it was made and what stands out in it, as HTML without script."""
    manifest = run.manifest
    classifier = manifest.classifier
    expected = manifest.corpus.n_images
    rows = [
        ("Images", f"{len(run):,}" + (f" of {expected:,} so far" if expected > len(run) + len(run.failures) else "")),
        ("Corpus", f"{manifest.corpus.name} ({manifest.corpus.kind})"),
        ("Classifier", _with_settings(classifier.name, classifier.settings)),
        ("Classifier's fingerprint", classifier.fingerprint),
        ("Labels", ", ".join(manifest.labels)),
    ]
    for detector in manifest.detectors:
        rows += [
            ("Detector", _with_settings(detector.name, detector.settings)),
            ("Detector's fingerprint", detector.fingerprint),
            (f"Its {len(detector.classes)} classes", ", ".join(detector.classes)),
        ]
    for method in manifest.methods:
        rows.append(("Method", _with_settings(f"{method.name}, of {method.output}", method.settings)))
    rows += [(f"Counted: {name}", value) for name, value in story.settings.items()]
    rows += [
        ("In the run", ", ".join(f"{count:,} {name}" for name, count in manifest.counts.items())),
        ("Versions", ", ".join(f"{name} {version}" for name, version in manifest.versions.items())),
    ]
    return "\n".join(
        [
            '<main class="rp-about" id="about">',
            f"<h1>{escape(manifest.corpus.name)}: what the classifier looks at</h1>",
            f'<p class="rp-synthetic">{escape(SYNTHETIC)}</p>' if run.synthetic else "",
            *(f"<p>{escape(note)}</p>" for note in story.notes),
            "<h2>Strongest associations</h2>",
            _strong_table(story.strong),
            '<h2 id="settings">Method and settings</h2>',
            "<dl>",
            *(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in rows if value),
            "</dl>",
            _failures(run),
            f"<p>{escape(LIMITATION)}</p>",
            "</main>",
        ]
    )


def _strong_table(strong: pd.DataFrame | None) -> str:
    if strong is None:
        return "<p>This run holds no CAMs, so no association can be counted.</p>"
    if strong.empty:
        return "<p>None is strong: at least 5 images, a tenth of the label's, and twice the share of all others.</p>"
    listed = strong.head(LISTED_CELLS)
    images = listed["count"].astype(str) + " of " + listed["n_images"].astype(str)
    shares = ((100 * listed[name]).map("{:.0f} %".format) for name in ("fraction", "elsewhere"))
    lifts = listed["lift"].map("{:.1f}".format)
    rows = list(zip(listed["object_class"], listed["label"], images, *shares, lifts, strict=True))
    more = len(strong) - len(rows)
    table = _table(("object class", "label", "images", "share", "elsewhere", "lift"), rows)
    return table + (f"<p>and {more:,} more</p>" if more > 0 else "")


def _failures(run: Run) -> str:
    failures = run.failures
    if failures.empty:
        return ""
    listed = failures.head(LISTED_FAILURES)
    rows = list(zip(listed["image_id"], listed["stage"], listed["reason"], strict=True))
    more = len(failures) - len(rows)
    return (
        f"<h2>Images that could not be used: {len(failures):,}</h2>"
        + _table(("image", "stage", "reason"), rows)
        + (f"<p>and {more:,} more</p>" if more > 0 else "")
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    cells = "".join(f"<th scope=col>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(value))}</td>" for value in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"


def _with_settings(name: str, settings: Mapping[str, Any]) -> str:
    if not settings:
        return name
    written = (f"{key} {value if isinstance(value, str) else json.dumps(value)}" for key, value in settings.items())
    return f"{name} ({', '.join(written)})"
