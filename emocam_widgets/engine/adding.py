"""One more method for a run: its maps of the predicted labels, asked of a worker while people go on using it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from emocam_widgets.engine.executor import BATCH
from emocam_widgets.engine.explanation_rows import cam_row
from emocam_widgets.errors import EmocamError, ImageError, known_name
from emocam_widgets.explain import METHODS
from emocam_widgets.run import MethodInfo, Run, RunWriter

if TYPE_CHECKING:
    from concurrent.futures import Future

    from emocam_widgets.engine.worker import Worker
    from emocam_widgets.types import Output

AHEAD = 8
"""Images that are opened and asked about at once; a worker answers what waits together."""


def addable_methods(run: Run) -> tuple[str, ...]:
    """The CAM methods that the run does not hold, in the order of `METHODS`."""
    held = set(run.cams["method"].unique())
    return tuple(name for name in METHODS if name not in held)


def add_method(
    run: Run,
    worker: Worker,
    method: str,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Run | None:
    """Adds a method's maps of all images to the run's folder, all of them or none; the run as it is then.

    As `analyze` with the method does, but in the worker, after whatever is asked interactively, and of the images that
    the run holds. What the worker has computed before it was stopped it need not compute again.

    Args:
        run: where they are added.
        worker: with the classifier that made the run.
        method: a name of `addable_methods`.
        progress: called with the images done and to do.
        cancelled: asked after every image; where it says so, None is returned and nothing is written.

    Raises:
        UnknownNameError: there is no such method.
        EmocamError: the worker's classifier is another one, or the method cannot explain it; no image opens.
        RunError: the folder cannot be written, or is being written.
    """
    known_name("method", method, METHODS)
    made_by = run.manifest.classifier
    if worker.classifier.fingerprint != made_by.fingerprint:
        raise EmocamError(
            f"The run was made with another classifier ({made_by.name}) than the worker's ({worker.classifier.name}): "
            "its maps would not go with the others."
        )
    begun = next((each for each in run.manifest.methods if each.name == method), None)
    info = begun or MethodInfo(method, METHODS[method].output)
    output = cast("Output", info.output)
    rows: list[dict[str, Any]] = []
    ids = run.images["image_id"].astype(str).tolist()
    labels = run.images["label"].astype(str).tolist()
    waiting: list[tuple[str, Future[Any]]] = []
    progress(0, len(ids))
    for done, (image_id, label) in enumerate(zip(ids, labels, strict=True), 1):
        if cancelled():
            break
        try:
            picture = run.open_image(image_id)
        except ImageError:
            continue  # analysed once, and gone since: it has no map of this method
        waiting.append((image_id, worker.submit_evaluate(picture, method, label, output, priority=BATCH)))
        if len(waiting) >= AHEAD:
            rows.append(_answered(*waiting.pop(0)))
        progress(done - len(waiting), len(ids))
    if cancelled():
        for _, future in waiting:
            future.cancel()
        return None
    rows += [_answered(*each) for each in waiting]
    if not rows:
        raise EmocamError("No image of the run opens: there is nothing to explain.")
    manifest = run.manifest if begun else replace(run.manifest, methods=(*run.manifest.methods, info))
    with RunWriter(run.path, manifest) as writer:
        writer.write_part({"cams": rows})
        writer.finish()
    progress(len(ids), len(ids))
    return Run(run.path, run.known_corpus)


def _answered(image_id: str, future: Future[Any]) -> dict[str, Any]:
    cam = future.result()[1]
    if cam is None:
        raise AssertionError("a CAM comes wherever a method is asked for")
    return cam_row(image_id, cam)
