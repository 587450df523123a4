"""The models whose weights others publish: what each is, under which licence, and where its files are.

Fetching the files and holding them to what is known here is the part of `weights_files`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_EMONET = "https://gitlab.com/api/v4/projects/39472331/repository/files/emonet_py%2Fdata%2F{}/raw?ref=master"
_DARKNET = "https://raw.githubusercontent.com/pjreddie/darknet/master/"
_ULTRALYTICS = "https://github.com/ultralytics/assets/releases/download/v8.4.0/{}.pt"
_TORCHVISION = "https://download.pytorch.org/models/{}.pth"
_BYTES_A_WEIGHT = 2  # Ultralytics publishes its checkpoints in half precision


@dataclass(frozen=True)
class WeightsFile:
    """One file of a published model.

    Attributes:
        name: as it is called in the model's folder.
        address: where it is published.
        size: in bytes, exactly, where it is known; another size is refused.
        sha256: in hexadecimal, where one is published, or as much of its beginning as is; another one is refused.
        about: the rough size in bytes where the exact one is not published, to tell before it is fetched.
        needed: false where the model loads without it (it is for verifying).
    """

    name: str
    address: str
    size: int | None = None
    sha256: str | None = None
    about: int | None = None
    needed: bool = True


@dataclass(frozen=True)
class PublishedModel:
    """A model whose files others publish: what it is, under which licence, and its files.

    `kind` is what it is loaded as: "classifier" or "detector", or "trunk" where a training starts from it.
    """

    name: str
    what: str
    licence: str
    files: tuple[WeightsFile, ...]
    kind: str = "detector"

    @property
    def folder(self) -> Path:
        """Where its files lie, fetched or put there by hand."""
        return folder() / self.name

    def path(self, file: str) -> Path:
        """Where one of its files lies or should lie."""
        return self.folder / file


def folder() -> Path:
    """The folder of all weights: `weights` in the user's home of emocam-widgets (`$EMOCAM_HOME`)."""
    from emocam_widgets.demo import home

    return home() / "weights"


# By family: what it is, and in millions the weights of its sizes n, s, m, l and x.
_ULTRALYTICS_FAMILIES: dict[tuple[str, str], tuple[str, tuple[float, ...]]] = {
    ("yolov8", "-oiv7"): ("boxes, Open Images V7's 601 classes", (3.5, 11.4, 26.2, 44.1, 68.7)),
    ("yolov8", ""): ("boxes, COCO's 80 classes", (3.2, 11.2, 25.9, 43.7, 68.2)),
    ("yolov8", "-seg"): ("boxes and masks, COCO's 80 classes", (3.4, 11.8, 27.3, 46.0, 71.8)),
    ("yolo11", ""): ("boxes, COCO's 80 classes", (2.6, 9.5, 20.1, 25.4, 57.0)),
    ("yolo11", "-seg"): ("boxes and masks, COCO's 80 classes", (2.9, 10.1, 22.4, 27.7, 62.1)),
    ("yolo12", ""): ("boxes, COCO's 80 classes", (2.6, 9.3, 20.2, 26.5, 59.2)),
    ("yolo26", ""): ("boxes, COCO's 80 classes", (2.6, 10.0, 21.9, 26.3, 59.0)),
    ("yolo26", "-seg"): ("boxes and masks, COCO's 80 classes", (3.1, 11.5, 27.1, 31.5, 70.7)),
}
# By our name: what it is, the published file, and its rough size in MB.
_TORCHVISION_DETECTORS: dict[str, tuple[str, str, float]] = {
    "fasterrcnn-resnet50-fpn": ("boxes", "fasterrcnn_resnet50_fpn_coco-258fb6c6", 159.7),
    "fasterrcnn-resnet50-fpn-v2": ("boxes", "fasterrcnn_resnet50_fpn_v2_coco-dd69338a", 167.1),
    "fasterrcnn-mobilenet-v3-large-fpn": ("boxes", "fasterrcnn_mobilenet_v3_large_fpn-fb6a3cc7", 74.2),
    "fasterrcnn-mobilenet-v3-large-320-fpn": ("boxes", "fasterrcnn_mobilenet_v3_large_320_fpn-907ea3f9", 74.2),
    "fcos-resnet50-fpn": ("boxes", "fcos_resnet50_fpn_coco-99b0c9b7", 123.6),
    "maskrcnn-resnet50-fpn": ("boxes and masks", "maskrcnn_resnet50_fpn_coco-bf2d0c1e", 169.8),
    "maskrcnn-resnet50-fpn-v2": ("boxes and masks", "maskrcnn_resnet50_fpn_v2_coco-73cbd019", 177.2),
    "retinanet-resnet50-fpn": ("boxes", "retinanet_resnet50_fpn_coco-eeacb38b", 130.3),
    "retinanet-resnet50-fpn-v2": ("boxes", "retinanet_resnet50_fpn_v2_coco-5905b1c5", 146.0),
    "ssd300-vgg16": ("boxes", "ssd300_vgg16_coco-b556d3b4", 136.0),
    "ssdlite320-mobilenet-v3-large": ("boxes", "ssdlite320_mobilenet_v3_large_coco-a79551df", 13.4),
}


# By our name: the published file of torchvision's best ImageNet weights, and its rough size in MB.
_TORCHVISION_CLASSIFIERS: dict[str, tuple[str, float]] = {
    "alexnet": ("alexnet-owt-7be5be79", 244.4),
    "densenet121": ("densenet121-a639ec97", 32.3),
    "efficientnet-b0": ("efficientnet_b0_rwightman-7f5810bc", 21.4),
    "mobilenet-v2": ("mobilenet_v2-7ebf99e0", 14.3),
    "mobilenet-v3-large": ("mobilenet_v3_large-5c1a4163", 22.1),
    "resnet18": ("resnet18-f37072fd", 46.8),
    "resnet50": ("resnet50-11ad3fa6", 102.5),
    "vgg16": ("vgg16-397923af", 553.4),
}
# The trunks that affect classifiers start from, with torchvision's first ImageNet weights.
_IMAGENET_TRUNKS = {
    "resnet18": ("resnet18-f37072fd", 46.8),
    "resnet34": ("resnet34-b627a593", 87.3),
    "resnet50": ("resnet50-0676ba61", 102.5),
}


def _imagenet_classifier(name: str) -> PublishedModel:
    stem, megabytes = _TORCHVISION_CLASSIFIERS[name]
    sha256 = stem.rpartition("-")[2]
    file = WeightsFile(f"{stem}.pth", _TORCHVISION.format(stem), sha256=sha256, about=round(megabytes * 1e6))
    licence = "BSD-3-Clause, as torchvision; trained on ImageNet"
    return PublishedModel(name, "torchvision: ImageNet's 1000 labels", licence, (file,), kind="classifier")


def _imagenet_trunk(trunk: str) -> PublishedModel:
    stem, megabytes = _IMAGENET_TRUNKS[trunk]
    sha256 = stem.rpartition("-")[2]
    file = WeightsFile(f"{stem}.pth", _TORCHVISION.format(stem), sha256=sha256, about=round(megabytes * 1e6))
    what = f"torchvision: {trunk} on ImageNet, for `emocam train affect-resnet50`"
    return PublishedModel(f"{trunk}-imagenet", what, "BSD-3-Clause, as torchvision", (file,), kind="trunk")


def _ultralytics(family: str, suffix: str) -> list[PublishedModel]:
    what, sizes = _ULTRALYTICS_FAMILIES[family, suffix]
    models = []
    for letter, millions in zip("nsmlx", sizes, strict=True):
        name = f"{family}{letter}{suffix}"
        about = round(millions * 1e6 * _BYTES_A_WEIGHT)
        file = WeightsFile(f"{name}.pt", _ULTRALYTICS.format(name), about=about)
        models.append(PublishedModel(name, f"Ultralytics: {what}", "AGPL-3.0", (file,)))
    return models


def _torchvision(name: str) -> PublishedModel:
    what, stem, megabytes = _TORCHVISION_DETECTORS[name]
    sha256 = stem.rpartition("-")[2]  # torchvision's file names end in its first eight digits
    file = WeightsFile(f"{stem}.pth", _TORCHVISION.format(stem), sha256=sha256, about=round(megabytes * 1e6))
    licence = "BSD-3-Clause, as torchvision; trained on COCO"
    return PublishedModel(name, f"torchvision: {what}, COCO's 80 classes", licence, (file,))


ULTRALYTICS = tuple(model.name for family in _ULTRALYTICS_FAMILIES for model in _ultralytics(*family))
TORCHVISION_CLASSIFIERS = tuple(_TORCHVISION_CLASSIFIERS)
TORCHVISION_DETECTORS = tuple(_TORCHVISION_DETECTORS)
PUBLISHED: dict[str, PublishedModel] = {
    model.name: model
    for model in (
        PublishedModel(
            "emonet",
            "EmoNet, the classifier that the EmoCAM paper explains",
            "none stated beside the files: ask its authors before passing it on",
            (
                WeightsFile("emonet.pth", _EMONET.format("emonet.pth"), about=227_800_000),
                WeightsFile("img_mean.txt", _EMONET.format("img_mean.txt")),
                WeightsFile("demo_big.jpg", _EMONET.format("demo_big.jpg"), needed=False),
                WeightsFile("demo_small.jpg", _EMONET.format("demo_small.jpg"), needed=False),
            ),
            kind="classifier",
        ),
        PublishedModel(
            "yolov3-openimages",
            "YOLOv3: boxes, Open Images' 601 classes; the EmoCAM paper's",
            "Darknet's YOLO licence (public domain)",
            (
                WeightsFile(
                    "yolov3-openimages.weights",
                    "https://pjreddie.com/media/files/yolov3-openimages.weights",
                    size=259_229_388,
                ),
                WeightsFile("yolov3-openimages.cfg", _DARKNET + "cfg/yolov3-openimages.cfg"),
                WeightsFile("openimages.names", _DARKNET + "data/openimages.names"),
            ),
        ),
        *(model for family in _ULTRALYTICS_FAMILIES for model in _ultralytics(*family)),
        *(_torchvision(name) for name in TORCHVISION_DETECTORS),
        *(_imagenet_classifier(name) for name in TORCHVISION_CLASSIFIERS),
        *(_imagenet_trunk(trunk) for trunk in _IMAGENET_TRUNKS),
    )
}
