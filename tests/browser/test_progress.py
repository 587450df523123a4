"""An analysis is stopped by a click while its cell runs, and the same cell goes on from there."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.notebook import CellError, NotebookPage

REPOSITORY = Path(__file__).parents[2]
SETUP = f"""
import sys, tempfile, time
from pathlib import Path
sys.path.insert(0, {str(REPOSITORY)!r})
import emocam_widgets as emo
from tests.tiny_models import picture, tiny_classifier
folder = Path(tempfile.mkdtemp())
(folder / "photos").mkdir()
for number in range(60):
    picture(number).save(folder / "photos" / f"{{number:02d}}.png")
corpus, classifier = emo.Corpus.from_folder(folder / "photos"), tiny_classifier()
def slow(image):
    time.sleep(1)
    return []
detector = emo.wrap_detector(slow, ["Thing"])
"""
ANALYZE = 'run = emo.analyze(corpus, classifier, detector, out=folder / "run", batch_size=2)\nlen(run.images)'


def test_a_click_stops_it_while_the_cell_runs(notebook: NotebookPage) -> None:
    notebook.execute(SETUP)
    cell = notebook.start(ANALYZE)
    stop = cell.output.get_by_role("button", name="Stop")
    expect(stop).to_be_visible(timeout=30_000)
    notebook.wait_live()
    expect(cell.output.get_by_text(" left")).to_be_visible(timeout=20_000)
    stop.click()
    with pytest.raises(CellError, match="KeyboardInterrupt"):
        cell.wait()
    expect(cell.output.get_by_text("of 60 images; the same call goes on").first).to_be_visible()
    kept = notebook.value('len(emo.open_run(folder / "run").images)')
    assert 0 < kept < 60
    notebook.execute("slow.__globals__['time'] = type('Quick', (), {'sleep': staticmethod(lambda seconds: None)})")
    assert notebook.run(ANALYZE).text.strip().endswith("60")
