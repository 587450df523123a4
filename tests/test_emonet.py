"""EmoNet against a computation of its own from the published facts; its files; with --network, MATLAB's numbers."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, fx, nn
from torch.nn import functional

from emocam_widgets.corpus import Corpus
from emocam_widgets.detectors import wrap_detector
from emocam_widgets.engine.corpus_run import analyze
from emocam_widgets.errors import EmocamError
from emocam_widgets.models import emonet, load_classifier
from emocam_widgets.models.emonet import AROUSAL, LABELS, VALENCE, EmoNet, EmoNetClassifier, load_emonet, verify_emonet
from emocam_widgets.models.target import cut_network
from emocam_widgets.weights_files import pull
from tests.tiny_models import picture

SHAPES: dict[str, tuple[int, ...]] = {
    "conv1.weight": (96, 3, 11, 11), "conv2.weight": (256, 48, 5, 5), "conv3.weight": (384, 256, 3, 3),
    "conv4.weight": (384, 192, 3, 3), "conv5.weight": (256, 192, 3, 3),
    "fc1.weight": (4096, 9216), "fc2.weight": (4096, 4096), "fc3.weight": (20, 4096),
}  # fmt: skip
SHAPES |= {name.replace("weight", "bias"): shape[:1] for name, shape in SHAPES.items()}


def _random_weights() -> dict[str, Tensor]:
    """Tensors of the right shapes that are windows on a few random numbers: a file of 1 MB and not of 228."""
    generator = torch.Generator().manual_seed(3)
    tensors = {}
    for name, shape in SHAPES.items():
        strides = [17, 5, 3, 1][-len(shape) :] if len(shape) == 4 else [7, 1][-len(shape) :]
        fan_in = int(np.prod(shape[1:])) or 1
        n_numbers = sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True)) + 1
        tensors[name] = (torch.randn(n_numbers, generator=generator) / fan_in**0.5).as_strided(shape, strides)
    return tensors


def _write_mean_image(path: Path) -> np.ndarray:
    """A random mean image (3, 227, 227) and its file: of each row the columns of red, then of green, then of blue."""
    mean = np.random.default_rng(1).uniform(90, 130, (3, 227, 227)).round(3).astype(np.float32)
    lines = [",".join(f"{value:.3f}" for channel in range(3) for value in mean[channel, row]) for row in range(227)]
    path.write_text("\n".join(lines) + "\n")
    return mean


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `emocam models pull emonet` leaves it."""
    folder = tmp_path_factory.mktemp("home") / "weights" / "emonet"
    folder.mkdir(parents=True)
    torch.save(_random_weights(), folder / "emonet.pth")
    _write_mean_image(folder / "img_mean.txt")
    picture(5, (800, 450)).save(folder / "demo_big.jpg")
    picture(6, (227, 227)).save(folder / "demo_small.jpg")
    return folder.parents[1]


@pytest.fixture(scope="module")
def classifier(home: Path) -> EmoNetClassifier:
    folder = home / "weights" / "emonet"
    return load_emonet(folder / "emonet.pth", folder / "img_mean.txt")


def _normalised(x: Tensor) -> Tensor:
    """Local response normalisation over 5 neighbouring channels, as MATLAB defines it."""
    squares = functional.pad(x.pow(2), (0, 0, 0, 0, 2, 2))
    summed = torch.stack([squares[:, i : i + x.shape[1]] for i in range(5)]).sum(dim=0)
    return x / (1 + 1e-4 * summed / 5) ** 0.75


def _halves(x: Tensor, weights: dict[str, Tensor], name: str, padding: int) -> Tensor:
    """A convolution over two GPUs: each half of the filters sees half of the channels."""
    kernels, biases = weights[f"{name}.weight"].chunk(2), weights[f"{name}.bias"].chunk(2)
    parts = zip(x.chunk(2, dim=1), kernels, biases, strict=True)
    return torch.cat([functional.conv2d(part, kernel, bias, padding=padding) for part, kernel, bias in parts], dim=1)


def _conv5(x: Tensor, weights: dict[str, Tensor]) -> Tensor:
    x = functional.conv2d(x, weights["conv1.weight"], weights["conv1.bias"], stride=4)
    x = functional.max_pool2d(_normalised(x.clamp(min=0)), 3, 2)
    x = functional.max_pool2d(_normalised(_halves(x, weights, "conv2", 2).clamp(min=0)), 3, 2)
    x = functional.conv2d(x, weights["conv3.weight"], weights["conv3.bias"], padding=1).clamp(min=0)
    return _halves(_halves(x, weights, "conv4", 1).clamp(min=0), weights, "conv5", 1)


def _logits(activation: Tensor, weights: dict[str, Tensor]) -> np.ndarray:
    pooled = functional.max_pool2d(activation.clamp(min=0), 3, 2).numpy()
    # MATLAB holds a map as rows x columns x channels and numbers it with the first axis fastest.
    x = np.stack([image.transpose(1, 2, 0).ravel(order="F") for image in pooled])
    for name in ("fc1", "fc2", "fc3"):
        x = x @ weights[f"{name}.weight"].numpy().T + weights[f"{name}.bias"].numpy()
        x = x if name == "fc3" else np.maximum(x, 0)
    return x


def test_same_as_an_independent_computation(classifier: EmoNetClassifier) -> None:
    weights = _random_weights()
    x = torch.randn(2, 3, 227, 227, generator=torch.Generator().manual_seed(0)) * 80
    activation = classifier.trunk(x)
    expected = _conv5(x, weights)
    assert activation.shape == (2, 256, 13, 13) and float(activation.min()) < 0, "conv5 before its ReLU"
    torch.testing.assert_close(activation, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))
    kept, logits = activation.clone(), _logits(expected, weights)
    np.testing.assert_allclose(classifier.tail(activation), logits, atol=1e-3 * np.abs(logits).max())
    assert torch.equal(activation, kept), "the tail wrote into the activation"
    # The check can fail: flattened as torch does it, the logits are others.
    swapped = _logits(expected.transpose(2, 3), weights)
    assert np.abs(swapped - logits).max() > 0.05 * np.abs(logits).max()


def test_parameters_are_the_published_ones() -> None:
    with torch.device("meta"):
        shapes = {name: tuple(tensor.shape) for name, tensor in EmoNet().state_dict().items()}
    assert shapes == SHAPES
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 56_950_164


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")
def test_tail_is_made_for_attribution(classifier: EmoNetClassifier) -> None:
    from captum.attr import DeepLift

    module = EmoNet().eval()
    cut = cut_network(module, torch.rand(2, 3, 227, 227), None)
    assert cut.target == classifier.target == "conv5", "the rule finds the same target"
    assert isinstance(cut.tail, fx.GraphModule)
    assert not any(getattr(part, "inplace", False) for part in cut.tail.modules())
    called = [str(node.target) for node in cut.tail.graph.nodes if node.op == "call_module"]
    assert called == ["relu5", "pool5", "fc1", "relu6", "fc2", "relu7", "fc3"]
    activation = torch.randn(1, 256, 13, 13, requires_grad=True)
    contributions = DeepLift(cut.tail).attribute(activation, torch.zeros_like(activation), target=3)
    with torch.no_grad():
        difference = (cut.tail(activation) - cut.tail(torch.zeros_like(activation)))[0, 3]
    assert float(contributions.detach().sum()) == pytest.approx(float(difference), abs=1e-4)


def test_preprocessing(classifier: EmoNetClassifier, tmp_path: Path) -> None:
    mean = torch.from_numpy(_write_mean_image(tmp_path / "mean.txt"))
    image = picture(2, (640, 300))
    x, view = classifier.preprocess(image)
    assert (view.x0, view.y0, view.x1, view.y1) == (0, 0, 640, 300) and x.dtype == torch.float32
    pixels = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).unsqueeze(0).float()
    resized = functional.interpolate(pixels, (227, 227), mode="bicubic", align_corners=False, antialias=True)[0]
    # Pillow rounds twice, once for each direction.
    assert float((x + mean - resized.clamp(0, 255)).abs().max()) < 1.5, "not torch's bicubic"
    red, _ = classifier.preprocess(Image.new("RGB", (40, 90), (255, 7, 0)))
    np.testing.assert_allclose(red + mean, np.broadcast_to([[[255]], [[7]], [[0]]], (3, 227, 227)), atol=1e-4)
    grey, _ = classifier.preprocess(Image.new("L", (40, 90), 100))
    assert grey.shape == (3, 227, 227)


def test_valence_and_arousal(classifier: EmoNetClassifier) -> None:
    certain = np.eye(20, dtype=np.float32)
    assert VALENCE(certain[LABELS.index("Adoration")]) == pytest.approx(3.2963 + 0.5990)
    assert VALENCE(certain[LABELS.index("Disgust")]) == pytest.approx(3.2963 - 0.7719)
    assert VALENCE(certain[LABELS.index("Surprise")]) == pytest.approx(3.2963 + 0.5741)
    assert AROUSAL(certain[LABELS.index("Awe")]) == pytest.approx(6.5139 + 0.3949)
    assert AROUSAL(certain[LABELS.index("Surprise")]) == pytest.approx(6.5139 - 0.0824)
    assert len(LABELS) == len(set(LABELS)) == len(VALENCE.weights) == len(AROUSAL.weights) == 20
    for prediction in classifier.predict([picture(1), picture(2)]):
        assert prediction.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert prediction.valence == pytest.approx(VALENCE(prediction.probabilities))
        assert prediction.arousal == pytest.approx(AROUSAL(prediction.probabilities))


def test_fingerprint_tells_the_mean_image(classifier: EmoNetClassifier, home: Path, tmp_path: Path) -> None:
    weights, mean = home / "weights" / "emonet" / "emonet.pth", home / "weights" / "emonet" / "img_mean.txt"
    lines = mean.read_text().splitlines()
    (tmp_path / "mean.txt").write_text("\n".join(reversed(lines)))
    assert load_emonet(weights, mean).fingerprint == classifier.fingerprint
    assert load_emonet(weights, tmp_path / "mean.txt").fingerprint != classifier.fingerprint


class _Runs:
    """What a malicious pickle does: it names a function to be called when it is read."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.target,)


def test_bad_weights_are_refused_in_a_sentence(home: Path, tmp_path: Path) -> None:
    mean, path = home / "weights" / "emonet" / "img_mean.txt", tmp_path / "emonet.pth"
    weights = _random_weights()

    def refused(pattern: str) -> None:
        with pytest.raises(EmocamError, match=pattern) as refusal:
            load_emonet(path, mean)
        assert path.name in str(refusal.value) and "\n" not in str(refusal.value)

    refused("no file")
    torch.save({name: tensor for name, tensor in weights.items() if name != "fc3.bias"}, path)
    refused(r"no tensor 'fc3\.bias'; expected one of shape \(20,\)")
    torch.save({**weights, "fc4.bias": torch.zeros(2)}, path)
    refused("unexpected tensors, the first is 'fc4.bias'")
    torch.save({**weights, "fc3.weight": torch.zeros(8, 4096)}, path)
    refused(r"'fc3\.weight' with shape \(8, 4096\); expected \(20, 4096\)")
    torch.save(list(weights.values()), path)
    refused("holds a list")
    torch.save({**weights, "epoch": 3}, path)
    refused("expected tensors by name")
    ran = tmp_path / "ran"
    torch.save({**weights, "more": _Runs(ran)}, path)
    refused("more than tensors")
    path.write_bytes(pickle.dumps(_Runs(ran)))
    refused("more than tensors")
    torch.save(nn.Linear(2, 2), path)
    refused("more than tensors")
    assert not ran.exists(), "code in the file was run"
    torch.save(weights, path)
    whole = path.read_bytes()
    for length in (0, 1, 10, 1000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        refused("truncated|damaged")
    generator = np.random.default_rng(0)
    for length in (3, 100, 5000):
        path.write_bytes(generator.bytes(length))
        refused("truncated|damaged")


def test_bad_mean_images_are_refused(home: Path, tmp_path: Path) -> None:
    weights, path = home / "weights" / "emonet" / "emonet.pth", tmp_path / "img_mean.txt"
    lines = (home / "weights" / "emonet" / "img_mean.txt").read_text().splitlines()
    for text, pattern in [
        (None, "no file"),
        ("", "0 lines"),
        ("\n".join(lines[:-1]), "226 lines of 681 numbers; expected 227 of 681"),
        ("\n".join([*lines[:-1], lines[-1] + ",5"]), "not a table"),
        ("\n".join([*lines[:-1], "nan," + lines[-1].partition(",")[2]]), "expected 227 of 681 finite"),
        ("<html>Not found</html>", "not a table"),
    ]:
        if text is not None:
            path.write_text(text)
        with pytest.raises(EmocamError, match=pattern) as refusal:
            load_emonet(weights, path)
        assert path.name in str(refusal.value) and "\n" not in str(refusal.value)


def test_by_name(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCAM_HOME", str(home))
    loaded = load_classifier("emonet")
    assert (loaded.name, loaded.labels, loaded.synthetic) == ("emonet", LABELS, False)
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path))
    with pytest.raises(EmocamError, match="emocam models pull emonet") as refusal:
        load_classifier("emonet")
    for piece in ("emonet.pth", "img_mean.txt", "https://gitlab.com/api/v4/projects/39472331/", str(tmp_path)):
        assert piece in str(refusal.value)


def test_verifying_holds_the_files_to_expected_outputs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCAM_HOME", str(home))
    with pytest.raises(EmocamError, match=r"demo_small\.jpg differ from MATLAB's by .*; expected at most 0\.001"):
        verify_emonet()
    folder, classifier = home / "weights" / "emonet", load_classifier("emonet")
    with Image.open(folder / "demo_small.jpg") as small, Image.open(folder / "demo_big.jpg") as big:
        found = [prediction.probabilities for prediction in classifier.predict([small, big])]
    own = {"demo_small.jpg": (1e-3, tuple(found[0])), "demo_big.jpg": (1e-2, tuple(found[1]))}
    monkeypatch.setattr(emonet, "MATLAB", own)
    assert "the same probabilities as MATLAB's" in verify_emonet()
    monkeypatch.setattr(emonet, "MATLAB", {**own, "other.jpg": own["demo_big.jpg"]})
    with pytest.raises(EmocamError, match=r"other\.jpg to compare with MATLAB are not in"):
        verify_emonet()


def test_a_run_with_it(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCAM_HOME", str(home))
    (tmp_path / "photos").mkdir()
    for seed in range(2):
        picture(seed, (120, 80)).save(tmp_path / "photos" / f"{seed}.png")
    corpus, classifier = Corpus.from_folder(tmp_path / "photos"), load_classifier("emonet")
    detector = wrap_detector(lambda image: [("Person", 0.9, (0, 0, *image.size))], ["Person"])
    run = analyze(corpus, classifier, detector, out=tmp_path / "run", progress=False)
    cam = run.cams.iloc[0]
    assert (cam["grid_height"], cam["grid_width"]) == (13, 13) and len(run.cams) == 2
    for row in run.images.to_dict("records"):
        (prediction,) = classifier.predict([corpus.open(row["image_id"])])
        assert row["valence"] == pytest.approx(prediction.valence, abs=1e-4)
        assert row["arousal"] == pytest.approx(prediction.arousal, abs=1e-4)


@pytest.mark.network
@pytest.mark.timeout(3600)
def test_the_published_files_give_matlabs_numbers() -> None:
    pull("emonet")
    assert "the same probabilities as MATLAB's" in verify_emonet()
