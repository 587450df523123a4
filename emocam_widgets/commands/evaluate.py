"""`emocam evaluate`: predicted labels held to annotated ones, as the second paper's tables have it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emocam_widgets.commands.corpora import CorpusChoice, corpora_from_options, corpus_options, missing_note
from emocam_widgets.commands.options import DEVICE, QUIET, count
from emocam_widgets.commands.runs import opened
from emocam_widgets.errors import EmocamError

if TYPE_CHECKING:
    import pandas as pd

    from emocam_widgets.analysis.agreement import Agreement, Evaluation
    from emocam_widgets.corpus import Corpus

FILE = click.Path(dir_okay=False, path_type=Path)
DEFAULT_CLASSIFIER = "demo"


@click.command()
@click.argument("run", required=False)
@click.option("--classifier", help=f"Evaluate this one on the data sets (default: {DEFAULT_CLASSIFIER}).")
@click.option("--demo", is_flag=True, help="The embedded corpus among the data sets.")
@corpus_options
@click.option("--map", "map_file", type=FILE, help="A JSON object from annotated to predicted labels, null for none.")
@click.option("--groups", help='"affect": compare negative, other, positive; or a JSON file, label to group.')
@click.option("--split", type=FILE, help="A training's split.csv: only the images of its test part.")
@click.option("--bootstrap", default=2000, show_default=True, type=click.IntRange(1), help="Resamples of the images.")
@click.option("--seed", default=0, show_default=True)
@click.option("--csv-out", type=FILE, help="Write all scores with their intervals there.")
@click.option("--json", "json_out", type=FILE, help="Write everything there, confusion matrices included.")
@DEVICE
@QUIET
def evaluate(
    run: str | None,
    classifier: str | None,
    demo: bool,
    corpora: CorpusChoice,
    map_file: Path | None,
    groups: str | None,
    split: Path | None,
    bootstrap: int,
    seed: int,
    csv_out: Path | None,
    json_out: Path | None,
    device: str | None,
    quiet: bool,
) -> None:
    """Hold predicted labels to annotated ones: those of a RUN (a folder, or "demo"), or of a classifier on data sets.

    Precision, recall, F1 and support per label and data set, the macro and the weighted average, accuracy with an
    interval over images beside always answering the most frequent label, and the confusion matrix.
    """
    from emocam_widgets.engine.dataset_evaluation import evaluate as evaluate_on

    mapping = _json_map(map_file) if map_file is not None else None
    chosen = groups if groups is None or groups == "affect" else _json_map(Path(groups))
    datasets = corpora_from_options(corpora, "demo" if demo else None)
    if run is not None:
        if datasets or classifier is not None or split is not None:
            raise EmocamError(
                f"The run {run!r} has its predictions and annotations already: give either a run, or --classifier and "
                "data sets."
            )
        found = evaluate_on(opened(run, ()), mapping=mapping, groups=chosen, resamples=bootstrap, seed=seed)
    else:
        if not datasets:
            raise EmocamError(
                "There is nothing to evaluate: give a run, or data sets with --csv, --album, --findingemo, "
                "--emotion-dataset, --wikiart or --demo."
            )
        from emocam_widgets.models import load_classifier

        for note in map(missing_note, datasets):
            if note:
                click.echo(note, err=True)
        if split is not None:
            datasets = _test_part(datasets, split)
        found = evaluate_on(
            load_classifier(classifier or DEFAULT_CLASSIFIER, device=device),
            datasets,
            mapping=mapping,
            groups=chosen,
            resamples=bootstrap,
            seed=seed,
            progress=not quiet,
        )
    _show(found)
    if csv_out is not None:
        found.table().to_csv(csv_out, index=False)
    if json_out is not None:
        json_out.write_text(json.dumps(found.to_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _json_map(path: Path) -> dict[str, str | None]:
    """A JSON object of labels, checked."""
    if not path.is_file():
        raise EmocamError(f"There is no file {str(path)!r}; expected a JSON object from label to label.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise EmocamError(f"{str(path)!r} is no JSON ({error}); expected an object from label to label.") from error
    if not isinstance(content, dict) or not all(value is None or isinstance(value, str) for value in content.values()):
        raise EmocamError(
            f'{str(path)!r} holds something else than labels; expected {{"Grief": "Sadness", "Trust": null, ...}}.'
        )
    return content


def _test_part(datasets: list[Corpus], split: Path) -> list[Corpus]:
    """The images of each data set that a training kept for its test."""
    from emocam_widgets.training.split import read_split

    table = read_split(split)
    tested = table[table["part"] == "test"]
    parts = []
    for corpus in datasets:
        mine = tested.loc[tested["corpus"] == corpus.name, "image_id"]
        there = [image_id for image_id in mine if image_id in corpus]
        if not there:
            known = ", ".join(sorted(set(tested["corpus"]))) or "none"
            raise EmocamError(
                f"{str(split)!r} has no test image of {corpus.name!r}; the data sets in its test part: {known}."
            )
        parts.append(corpus.subset(there))
    return parts


def _show(found: Evaluation) -> None:
    if found.synthetic:
        click.echo("Synthetic world: a classifier that knows drawn scenes; no finding about a published model.")
    for dataset, agreement in found.agreements.items():
        click.echo(f"\n{found.name} on {dataset}, {count(agreement.n_images, 'image')}:")
        left_out = found.images.loc[dataset].drop("used") if dataset in found.images.index else None
        if left_out is not None and left_out.any():
            click.echo("left out: " + ", ".join(f"{int(n):,} {why}" for why, n in left_out.items() if n))
        click.echo(_scores(agreement))
        low, high = agreement.accuracy_interval
        click.echo(
            f"accuracy {agreement.accuracy:.2f} ({low:.2f} to {high:.2f}); always answering "
            f"{agreement.baseline_label!r}: {agreement.baseline:.2f}"
        )
        if agreement.note:
            click.echo(agreement.note)
        click.echo(f"\nannotated (rows) and predicted (columns):\n{_confusion(agreement)}")


def _scores(agreement: Agreement) -> str:
    """The second paper's table with both averages, and each label's F1 with its interval."""
    f1 = agreement.intervals[agreement.intervals["measure"] == "f1-score"].set_index("row")
    table = agreement.scores.loc[[name for name in agreement.scores.index if name in f1.index]].copy()
    table["f1 interval"] = [
        "" if low != low else f"{low:.2f} to {high:.2f}" for low, high in zip(f1["low"], f1["high"], strict=True)
    ]
    return _shown(agreement, table).to_string(float_format=lambda value: f"{value:.2f}")


def _confusion(agreement: Agreement) -> str:
    confusion = agreement.confusion
    used = confusion.any(axis=0) | confusion.any(axis=1)
    return confusion.loc[used, used].rename_axis(index=None, columns=None).to_string()


def _shown(agreement: Agreement, table: pd.DataFrame) -> pd.DataFrame:
    """Without the labels of a long list that are neither annotated nor predicted."""
    confusion = agreement.confusion
    if len(confusion) <= 8:
        return table
    unused = confusion.index[~(confusion.any(axis=0) | confusion.any(axis=1))]
    return table.drop(index=unused)
