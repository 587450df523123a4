"""Corpora and image files: every kind of bad input either becomes the right RGB picture or one plain reason."""

from __future__ import annotations

import os
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emocam_widgets.corpus import Corpus, read_image
from emocam_widgets.errors import EmocamError, ImageError, UnknownNameError

SCENE = np.zeros((20, 30, 3), np.uint8)
SCENE[:, :15] = (200, 30, 40)
SCENE[:10, 15:] = (20, 180, 60)


def scene() -> Image.Image:
    return Image.fromarray(SCENE)


def encoded(image: Image.Image, file_format: str, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


def header_only_png(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds no pixels: enough to be refused for its size, not enough to be decoded."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("jpeg", 12), ("cmyk", 12), ("palette", 0), ("palette_alpha", 0), ("rgba", 0), ("webp", 0), ("animated", 0),
        ("tiff", 0), ("bmp", 0),
    ],
)  # fmt: skip
def test_every_mode_becomes_the_same_rgb_picture(name: str, tolerance: int) -> None:
    palette = scene().quantize(4)
    files = {
        "jpeg": lambda: encoded(scene(), "JPEG", quality=98, subsampling=0),
        "cmyk": lambda: encoded(scene().convert("CMYK"), "JPEG", quality=98, subsampling=0),
        "palette": lambda: encoded(palette, "PNG"),
        "palette_alpha": lambda: encoded(palette, "PNG", transparency=bytes([255, 255, 255, 255])),
        "rgba": lambda: encoded(scene().convert("RGBA"), "PNG"),
        "webp": lambda: encoded(scene(), "WEBP", lossless=True),
        "animated": lambda: encoded(
            palette, "GIF", save_all=True, append_images=[Image.new("P", palette.size), palette.rotate(180)]
        ),
        "tiff": lambda: encoded(scene(), "TIFF"),
        "bmp": lambda: encoded(scene(), "BMP"),
    }
    image = read_image(files[name]())
    assert (image.mode, image.size) == ("RGB", (30, 20))
    blocks = [(slice(2, 8), slice(2, 12)), (slice(2, 8), slice(18, 28)), (slice(12, 18), slice(18, 28))]
    for block in blocks:
        assert np.abs(np.asarray(image, int)[block] - SCENE[block].astype(int)).max() <= tolerance


def test_transparency_stands_on_white() -> None:
    assert read_image(encoded(Image.new("RGBA", (4, 4), (10, 20, 30, 0)), "PNG")).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_16_bits_are_scaled_not_clipped(file_format: str) -> None:
    values = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    found = np.asarray(read_image(encoded(Image.fromarray(values), file_format)))
    assert found.shape == (16, 16, 3)
    assert np.abs(found[..., 0].ravel().astype(int) - np.arange(256)).max() <= 1


def test_floating_point_is_scaled_and_has_no_nan() -> None:
    values = np.array([[0.0, 0.5], [1.0, np.nan]], np.float32)
    found = np.asarray(read_image(encoded(Image.fromarray(values), "TIFF")))[..., 1]
    assert found.tolist() == [[0, 128], [255, 0]]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    upright = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1], 5: upright.T, 6: np.rot90(upright),
        7: upright[::-1, ::-1].T, 8: np.rot90(upright, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = read_image(encoded(Image.fromarray(np.ascontiguousarray(stored)).convert("RGB"), "PNG", exif=exif))
    assert (np.asarray(found)[..., 0] == upright).all()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_leaves_the_picture_as_it_stands() -> None:
    found = read_image(encoded(scene(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff"))
    assert found.size == (30, 20)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"not an image at all, only words", "not an image"),
        (encoded(Image.effect_noise((200, 200), 90), "JPEG")[:3000], "cut short or damaged"),
        (encoded(Image.effect_noise((200, 200), 90), "PNG")[:5000], "cut short or damaged"),
        (encoded(scene(), "PNG")[:20], "not an image|damaged"),
        (header_only_png(12000, 10000), "too large.*12000 x 10000.*100 megapixels"),
        (header_only_png(60000, 60000), "too large.*100 megapixels"),
        (header_only_png(10, 10), "cut short or damaged"),
    ],
    ids=["empty", "words", "cut-jpeg", "cut-png", "cut-header", "120-megapixels", "3600-megapixels", "no-pixels"],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_what_cannot_be_used_has_a_plain_reason(content: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=reason) as caught:
        read_image(content)
    assert "\n" not in caught.value.reason


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no such file"):
        read_image(tmp_path / "gone.jpg")
    with pytest.raises(ImageError, match="not a regular file"):
        read_image(tmp_path)
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ImageError, match="not a regular file"):
        read_image(tmp_path / "pipe.jpg")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    (root / "b").mkdir(parents=True)
    (root / ".cache").mkdir()
    scene().save(root / "z.JPG", "JPEG")
    scene().save(root / "b" / "ä 1.png")
    scene().save(root / ".cache" / "thumb.png")
    scene().save(root / "wrongly_named.gif", "PNG")
    (root / "notes.txt").write_text("no image")
    (root / "empty.jpg").touch()
    return root


def test_folder_lists_images_by_path_and_tells_formats_from_content(photos: Path) -> None:
    corpus = Corpus.from_folder(photos)
    assert list(corpus) == ["b/ä 1.png", "empty.jpg", "wrongly_named.gif", "z.JPG"]
    assert len(corpus) == 4
    assert corpus.name == "photos"
    assert corpus.labels == ()
    assert not corpus.synthetic
    assert corpus.annotation("z.JPG") is None
    assert corpus.open("wrongly_named.gif").size == corpus.open("b/ä 1.png").size == (30, 20)
    with pytest.raises(ImageError, match=r"empty\.jpg: the file is empty"):
        corpus.open("empty.jpg")


@pytest.mark.parametrize("image_id", ["../secret.png", "/etc/passwd", "b/../../secret.png", "", "link.png", "b\0.png"])
def test_no_path_leaves_the_corpus(photos: Path, image_id: str) -> None:
    scene().save(photos.parent / "secret.png")
    (photos / "link.png").symlink_to(photos.parent / "secret.png")
    with pytest.raises(ImageError):
        Corpus.from_folder(photos).open(image_id)


def test_links_inside_the_corpus_are_followed(photos: Path) -> None:
    (photos / "same.png").symlink_to(photos / "b" / "ä 1.png")
    assert Corpus.from_folder(photos).open("same.png").size == (30, 20)


def test_image_that_the_corpus_does_not_hold(photos: Path) -> None:
    corpus = Corpus.from_folder(photos)
    with pytest.raises(ImageError, match="no such file"):
        corpus.open("nowhere.png")
    with pytest.raises(ImageError, match="not in the corpus"):
        corpus.open(".cache/thumb.png")


def test_folders_that_are_no_corpus(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("no image")
    with pytest.raises(EmocamError, match=r"no image in .*\.jpg, .*\.png"):
        Corpus.from_folder(tmp_path)
    with pytest.raises(EmocamError, match="no folder"):
        Corpus.from_folder(tmp_path / "missing")
    with pytest.raises(EmocamError, match="is a file"):
        Corpus.from_folder(tmp_path / "words.txt")


def test_subset_keeps_order_and_refuses_strangers(photos: Path) -> None:
    corpus = Corpus.from_folder(photos)
    assert list(corpus.subset(["z.JPG", "b/ä 1.png", "z.JPG"])) == ["z.JPG", "b/ä 1.png"]
    with pytest.raises(UnknownNameError, match=r"did you mean 'z\.JPG'"):
        corpus.subset(["z.jpeg"])
    with pytest.raises(EmocamError, match="at least one"):
        corpus.subset([])


def test_demo_corpus_reads_its_annotations(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    for name in ("b.webp", "a.webp"):
        scene().save(tmp_path / "corpus" / name)
    (tmp_path / "annotations.csv").write_text("image_id,label,seed\nb.webp,Joy,1\na.webp,Awe,2\n")
    corpus = Corpus._demo(tmp_path)
    assert list(corpus) == ["b.webp", "a.webp"]
    assert corpus.labels == ("Joy", "Awe")
    assert corpus.synthetic
    assert corpus.annotation("a.webp") == "Awe"
    assert corpus.open("a.webp").size == (30, 20)
    assert corpus.subset(["a.webp"]).labels == ("Joy", "Awe")


def test_demo_corpus_that_is_missing_says_so(tmp_path: Path) -> None:
    with pytest.raises(EmocamError, match="not part of this installation"):
        Corpus._demo(tmp_path)


def test_unknown_kind_of_corpus() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'folder'"):
        Corpus.reopened("folders", "/")


def test_a_file_name_that_is_no_text_is_listed_and_refused(photos: Path) -> None:
    (photos / os.fsdecode(b"caf\xe9.png")).write_bytes(encoded(scene(), "PNG"))
    corpus = Corpus.from_folder(photos)
    (odd,) = (image_id for image_id in corpus if image_id.startswith("caf"))
    odd.encode("utf-8")  # fits into a table
    with pytest.raises(ImageError, match="no such file"):
        corpus.open(odd)


def test_ultralytics_own_image_opener_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    patches = pytest.importorskip("ultralytics.utils.patches")
    monkeypatch.setattr(Image, "open", patches.image_open)
    with pytest.raises(ImageError, match="not an image"):
        read_image(b"neither picture nor text")
