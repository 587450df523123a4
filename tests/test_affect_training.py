"""Training in two stages: it learns, ends early, goes on where it was stopped, and writes a file that loads."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from emocam_widgets.cli import main
from emocam_widgets.corpus import Corpus
from emocam_widgets.errors import EmocamError
from emocam_widgets.labels import AFFECT_LABELS, EMOTION_DATASET_GROUPS, WIKIART_GROUPS
from emocam_widgets.models.affect import load_affect
from emocam_widgets.models.demo_affect import AffectSceneNet
from emocam_widgets.models.preprocess import Preprocess
from emocam_widgets.training.affect import AffectTraining, train_affect
from emocam_widgets.training.checkpoint import Checkpoint, Progress
from emocam_widgets.training.pictures import Pictures, batches
from emocam_widgets.training.scores import affect_score
from emocam_widgets.training.settings import Epoch, Stage, TwoStages
from emocam_widgets.training.split import COLUMNS, read_split, stratified_parts
from emocam_widgets.training.stages import Trainer, TrainingData
from emocam_widgets.training.transforms import (
    photograph_as_is,
    photograph_augmentation,
    scene_as_is,
    scene_augmentation,
)

SIZE = 32
COLOURS = ((170, 60, 60), (60, 170, 60), (60, 60, 170))
STAGES = TwoStages(
    new_layers=Stage(epochs=3, learning_rate=1e-2, patience=3, batch=8),
    whole=Stage(epochs=3, learning_rate=1e-2, patience=3, batch=8),
)


def _pictures(count: int, side: int, seed: int) -> Pictures:
    """Noise around one colour per label, which a network tells within seconds."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(COLOURS)
    pixels = np.array(COLOURS)[labels][:, None, None] + rng.integers(-40, 41, (count, side, side, 3))
    return Pictures(pixels.astype(np.uint8), labels.astype(np.int64))


@pytest.fixture(scope="module")
def data() -> TrainingData:
    square = Preprocess(SIZE)
    training, validation = _pictures(36, SIZE + 4, 0), _pictures(12, SIZE, 1)
    return TrainingData(training, validation, scene_augmentation(square), scene_as_is(square), len(COLOURS))


def _trainer(data: TrainingData, work: Path, stages: TwoStages = STAGES, **identity: object) -> Trainer:
    torch.manual_seed(0)
    return Trainer(AffectSceneNet(width=0.1), data, stages, Checkpoint(work, identity), "cpu")


def test_both_stages_learn_and_the_first_leaves_the_trunk_alone(data: TrainingData, tmp_path: Path) -> None:
    trainer = _trainer(data, tmp_path)
    before = {name: tensor.clone() for name, tensor in trainer.module.trunk.state_dict().items()}
    trunks: list[bool] = []

    def told(epoch: Epoch) -> None:
        now = trainer.module.trunk.state_dict()
        trunks.append(all(torch.equal(now[name], tensor) for name, tensor in before.items()))

    progress = trainer.run(told)
    assert [(epoch.stage, epoch.number) for epoch in progress.history] == [(s, n) for s in (1, 2) for n in (1, 2, 3)]
    assert trunks == [True] * 3 + [False] * 3
    best = min(progress.history, key=lambda epoch: epoch.validation_loss)
    assert progress.best_loss == best.validation_loss < progress.history[0].validation_loss
    assert best.accuracy > 0.9
    x, labels = next(iter(batches(data.validation, data.as_is, 12, 0)))
    with torch.inference_mode():
        loss = torch.nn.functional.cross_entropy(trainer.module(x), labels)
    assert not trainer.module.training and float(loss) == pytest.approx(best.validation_loss, abs=1e-4)


class _Stopped(Exception):
    pass


@pytest.mark.parametrize("after", [1, 2, 3, 4, 5])
def test_an_interrupted_training_comes_to_the_same_weights(data: TrainingData, tmp_path: Path, after: int) -> None:
    whole = _trainer(data, tmp_path / "whole")
    expected = whole.run()
    seen: list[Epoch] = []

    def stop(epoch: Epoch) -> None:
        seen.append(epoch)
        if len(seen) == after:
            raise _Stopped

    with pytest.raises(_Stopped):
        _trainer(data, tmp_path / "parts").run(stop)
    again = _trainer(data, tmp_path / "parts")
    found = again.run(seen.append)
    assert seen == found.history == expected.history
    for name, tensor in whole.module.state_dict().items():
        torch.testing.assert_close(again.module.state_dict()[name], tensor, rtol=0, atol=0, msg=name)
    calls = len(seen)
    _trainer(data, tmp_path / "parts").run(seen.append)
    assert len(seen) == calls, "a finished training is not done again"


def test_a_stage_that_gets_no_better_ends_early(data: TrainingData, tmp_path: Path) -> None:
    # Validation pictures whose labels are shifted: whatever is learnt makes them worse.
    shifted = Pictures(data.validation.pixels, (data.validation.all_labels + 1) % len(COLOURS))
    wrong = replace(data, validation=shifted)
    stages = replace(STAGES, new_layers=Stage(30, 1e-2, 2, 8), whole=Stage(30, 1e-2, 2, 8))
    history = _trainer(wrong, tmp_path, stages).run().history
    counts = Counter(epoch.stage for epoch in history)
    assert counts[1] < 30 and counts[2] < 30
    first = [epoch.validation_loss for epoch in history if epoch.stage == 1]
    assert int(np.argmin(first)) == len(first) - 1 - 2, "two epochs more than the best"


def test_mixed_precision_learns_as_well(data: TrainingData, tmp_path: Path) -> None:
    trainer = _trainer(data, tmp_path, replace(STAGES, mixed=True))
    assert trainer.mixed and trainer.half == torch.bfloat16
    assert max(epoch.accuracy for epoch in trainer.run().history) > 0.9
    assert not _trainer(data, tmp_path / "cpu").mixed, "by itself only on a GPU"


def test_class_weights_are_scikit_learn_s(data: TrainingData) -> None:
    from sklearn.utils.class_weight import compute_class_weight

    labels = np.array([0] * 7 + [1] * 2 + [2] * 3)
    uneven = replace(data, training=Pictures(np.zeros((12, 4, 4, 3), np.uint8), labels))
    weights = uneven.label_weights(True)
    assert weights is not None and uneven.label_weights(False) is None
    np.testing.assert_allclose(weights, compute_class_weight("balanced", classes=np.arange(3), y=labels), rtol=1e-6)


def test_another_training_in_the_folder_is_refused(data: TrainingData, tmp_path: Path) -> None:
    _trainer(data, tmp_path, settings={"seed": 1}, trunk="a")
    _trainer(data, tmp_path, settings={"seed": 1}, trunk="a")
    with pytest.raises(EmocamError, match="holds a training with other trunk; give another folder with --work"):
        _trainer(data, tmp_path, settings={"seed": 1}, trunk="b")


def test_damaged_checkpoints_are_refused(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, {})
    assert checkpoint.read() == Progress()
    checkpoint.write(Progress(stage=2, epoch=3, history=[Epoch(1, 1, 0.5, 0.4, 0.9, 0.8)]))
    assert checkpoint.read() == Progress(stage=2, epoch=3, history=[Epoch(1, 1, 0.5, 0.4, 0.9, 0.8)])
    checkpoint.state.write_bytes(checkpoint.state.read_bytes()[:200])
    with pytest.raises(EmocamError, match=r"checkpoint\.pt cannot be read as a checkpoint of this training; delete it"):
        checkpoint.read()
    torch.save({"odd": 1}, checkpoint.state)
    with pytest.raises(EmocamError, match="cannot be read"):
        checkpoint.read()


def test_batches_are_shuffled_by_their_generator_and_leave_no_single_picture() -> None:
    pictures = _pictures(9, 8, 0)
    loader = batches(pictures, scene_as_is(Preprocess(8)), 4, 0, torch.Generator().manual_seed(1))
    assert [len(labels) for _, labels in loader] == [4, 4]
    in_order = batches(pictures, scene_as_is(Preprocess(8)), 4, 0)
    assert torch.cat([labels for _, labels in in_order]).tolist() == pictures.labels.tolist()
    chosen = Pictures(pictures.pixels, pictures.all_labels, np.array([5, 2]))
    assert len(chosen) == 2 and chosen.labels.tolist() == [2, 2]
    np.testing.assert_array_equal(chosen.picture(0), pictures.pixels[5])


def test_transforms_give_what_the_network_takes() -> None:
    normalised = Preprocess(24, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    pixels = torch.full((3, 32, 32), 255, dtype=torch.uint8)
    for transform in (photograph_augmentation, photograph_as_is, scene_augmentation, scene_as_is):
        out = transform(normalised)(pixels)
        assert out.shape == (3, 24, 24) and out.dtype == torch.float32 and float(out.max()) <= 2.0 + 1e-5
    picture = Image.effect_noise((32, 32), 60).convert("RGB")
    uint8 = torch.from_numpy(np.array(picture)).permute(2, 0, 1)
    found = photograph_as_is(normalised)(uint8)
    assert float((found - normalised(picture)[0]).abs().mean()) < 0.02, "as the classifier itself will see it"


def test_split_is_stratified_seeded_and_whole() -> None:
    strata = ["a negative"] * 100 + ["a positive"] * 300 + ["b other"] * 40
    parts = stratified_parts(strata, validation=0.1, test=0.2, seed=3)
    assert parts == stratified_parts(strata, 0.1, 0.2, 3) != stratified_parts(strata, 0.1, 0.2, 4)
    counts = pd.crosstab(pd.Series(strata), pd.Series(parts))
    np.testing.assert_allclose(counts["test"] / counts.sum(axis=1), 0.2, atol=0.02)
    np.testing.assert_allclose(counts["validation"] / counts.sum(axis=1), 0.1, atol=0.02)
    rare = stratified_parts([*strata, "c negative"], 0.1, 0.2, 3)
    assert len(rare) == 441 and set(rare) == {"train", "validation", "test"}
    labels = ["negative", "positive"] * 13
    few = stratified_parts([f"{n} {label}" for n, label in enumerate(labels)], 0.2, 0.2, 3, labels)
    assert pd.crosstab(pd.Series(labels), pd.Series(few)).to_numpy().min() >= 2, "by label, where sets are too small"
    with pytest.raises(EmocamError, match="2 annotated images cannot be split"):
        stratified_parts(["a", "b"], 0.1, 0.2, 3)


def test_score_is_what_it_says() -> None:
    found, right = np.array([0, 0, 2, 2, 1]), np.array([0, 0, 2, 1, 2])
    score = affect_score(found, right, AFFECT_LABELS)
    assert score.accuracy == pytest.approx(3 / 5) and score.majority == pytest.approx(2 / 5) and score.n == 5
    assert score.recall == {"negative": 1.0, "other": 0.0, "positive": 0.5}
    assert score.macro_f1 == pytest.approx((1 + 0 + 0.5) / 3)


def album(folder: Path, count: int, name: str = "album", shift: int = 0) -> Corpus:
    """Annotated images of unequal sizes, one colour per label, and one without an annotation."""
    root = folder / name
    root.mkdir(parents=True)
    annotations = {}
    pictures = _pictures(count, 48, shift)
    for number in range(count):
        image_id = f"{number:02d}.png"
        Image.fromarray(pictures.picture(number)[:, : 30 + number % 7]).save(root / image_id)
        annotations[image_id] = AFFECT_LABELS[pictures.labels[number]]
    Image.new("RGB", (20, 20)).save(root / "unknown.png")
    return Corpus(root, [*annotations, "unknown.png"], name=name, annotations=annotations)


SMALL = AffectTraining(
    trunk="resnet18",
    pretrained=False,
    validation=0.2,
    test=0.2,
    stages=replace(STAGES, new_layers=Stage(2, 1e-2, 2, 16), whole=Stage(1, 1e-3, 1, 12)),
)


def test_corpora_become_a_file_that_loads_and_predicts(tmp_path: Path) -> None:
    one, two = album(tmp_path, 12), album(tmp_path, 9, "second", 5)
    (one.root / "03.png").write_bytes(b"no image")
    work, out = tmp_path / "work", tmp_path / "out" / "affect.safetensors"
    result = train_affect([one, two], work, out, SMALL, "cpu")
    split = read_split(work / "split.csv")
    assert list(split.columns) == list(COLUMNS) and len(split) == 21 and "unknown.png" not in set(split.image_id)
    assert result.unreadable == 1 and result.split == work / "split.csv"
    tested = split[split.part == "test"]
    classifier = load_affect(out)
    assert classifier.name == "affect-resnet18" and classifier.labels == AFFECT_LABELS
    corpora = {"album": one, "second": two}
    readable = tested[~((tested.corpus == "album") & (tested.image_id == "03.png"))]
    assert result.score.n == len(readable)
    images = [corpora[name].open(i) for name, i in zip(readable.corpus, readable.image_id, strict=True)]
    right = [p.label == label for p, label in zip(classifier.predict(images), readable.label, strict=True)]
    assert float(np.mean(right)) == pytest.approx(result.score.accuracy)

    calls: list[Epoch] = []
    again = train_affect([one, two], work, out, SMALL, "cpu", calls.append)
    assert not calls and again == result
    with pytest.raises(EmocamError, match="holds a training with other images"):
        train_affect([two], work, out, SMALL, "cpu")


def test_corpora_without_use_are_refused(tmp_path: Path) -> None:
    good = album(tmp_path, 6)
    foreign = Corpus(good.root, list(good), name="f", annotations={"00.png": "Joy", "01.png": "negative"})
    with pytest.raises(EmocamError, match=r"1 labels of the corpora are none of negative, other, positive.*'Joy'"):
        train_affect([foreign], tmp_path / "w", tmp_path / "o", SMALL, "cpu")
    with pytest.raises(EmocamError, match="at least two labels; found no annotated image"):
        train_affect([Corpus(good.root, list(good), name="n")], tmp_path / "w", tmp_path / "o", SMALL, "cpu")
    with pytest.raises(EmocamError, match="emocam models pull resnet18-imagenet"):
        train_affect([good], tmp_path / "w", tmp_path / "o", replace(SMALL, pretrained=True), "cpu")
    for path in good.root.iterdir():
        path.write_bytes(b"")
    with pytest.raises(EmocamError, match="0 images to train on and 0 to validate on could be read"):
        train_affect([good], tmp_path / "v", tmp_path / "o", SMALL, "cpu")


def test_split_tables_of_others_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EmocamError, match=r"no file .*split\.csv"):
        read_split(tmp_path / "split.csv")
    (tmp_path / "split.csv").write_text("image,part\na,test\n")
    with pytest.raises(EmocamError, match="has the columns image, part; expected corpus, image_id, label, part"):
        read_split(tmp_path / "split.csv")


def test_command_trains_on_the_data_sets_of_the_paper_and_an_album(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path / "home"))
    options = _data_sets(tmp_path)
    small = ["--trunk", "resnet18", "--no-pretrained", "--epochs", "1", "--test", "0.3", "--validation", "0.2"]
    out, work = tmp_path / "affect.safetensors", tmp_path / "work"
    where = ["--out", str(out), "--work", str(work), "--device", "cpu"]
    result = CliRunner().invoke(main, ["train", "affect-resnet50", *options, *small, *where], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert f"over {(read_split(work / 'split.csv').part == 'test').sum()} images" in result.output
    split = read_split(work / "split.csv")
    assert split.groupby("corpus").label.unique().map(sorted).to_dict() == {
        "Emotion Dataset": ["negative", "positive"],
        "WikiArt Emotions": ["negative", "other", "positive"],
        "album": ["negative", "other", "positive"],
    }
    classifier = load_affect(out)
    said = classifier.predict([Image.new("RGB", (40, 30), "red")])[0]
    assert said.labels == AFFECT_LABELS and float(said.probabilities.sum()) == pytest.approx(1, abs=1e-5)


def test_command_refuses_what_does_not_go_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path / "home"))
    options = _data_sets(tmp_path)

    def refused(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["train", "affect-resnet50", *arguments])
        assert result.exit_code == 2, result.output
        return result.output

    assert "A training needs data" in refused()
    assert "--wikiart and --images go together" in refused(*options[2:4])
    assert "name the file to write with --out" in refused(*options, "--trunk", "resnet18")
    assert "emocam models pull resnet50-imagenet" in refused(*options, "--work", str(tmp_path / "w"))


def _data_sets(folder: Path) -> list[str]:
    """A tiny Emotion Dataset, WikiArt TSV and annotated album, as the options that name them."""
    rng = np.random.default_rng(0)

    def draw(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)).save(path)

    for label in EMOTION_DATASET_GROUPS:
        draw(folder / "emotions" / label / "1.jpg")
    votes = {"happiness": (1, 0, 0), "fear": (0, 1, 0), "surprise": (0, 0, 1)}
    paintings = pd.DataFrame({"ID": [f"p{number}" for number in range(9)]})
    paintings["Image URL"] = "https://uploads.wikiart.org/an-artist/" + paintings.ID + ".jpg"
    for emotion in WIKIART_GROUPS:
        paintings[f"Art (image+title): {emotion}"] = list(votes.get(emotion, (0, 0, 0))) * 3
    paintings.to_csv(folder / "wikiart.tsv", sep="\t", index=False)
    for painting in paintings.ID:
        draw(folder / "paintings" / f"{painting}.jpg")
    own = pd.DataFrame({"image": [f"own/{n}.png" for n in range(9)], "label": ["Negative", "Other", "Positive"] * 3})
    own.to_csv(folder / "album.csv", index=False)
    for image in own.image:
        draw(folder / image)
    emotions, tsv, images, csv = (folder / name for name in ("emotions", "wikiart.tsv", "paintings", "album.csv"))
    return [
        *("--emotion-dataset", str(emotions)),
        *("--wikiart", str(tsv)),
        *("--images", str(images)),
        *("--csv", str(csv)),
    ]
