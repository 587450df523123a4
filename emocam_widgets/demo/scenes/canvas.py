"""A drawing surface that knows what is drawn on it.

A thin layer over skia: shapes are drawn inside named parts ("Human mouth" of one person), every part remembers the box
of what was drawn in it, and a part that is hidden draws nothing. It decides nothing about how a scene looks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import skia

Point = tuple[float, float]


@dataclass(frozen=True)
class Linear:
    """A linear gradient from ``start`` to ``end`` (pixels) through ``colours``, evenly spaced without ``stops``."""

    start: Point
    end: Point
    colours: tuple[str, ...]
    stops: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Radial:
    """A radial gradient around ``centre`` with ``radius`` pixels through ``colours`` (hex)."""

    centre: Point
    radius: float
    colours: tuple[str, ...]
    stops: tuple[float, ...] | None = None


Colour = str | Linear | Radial


@dataclass
class Part:
    """One drawn thing or part of a thing: its Open Images class, its key and the box of what was drawn (pixels)."""

    object_class: str | None
    key: str
    box: tuple[float, float, float, float] | None = None

    def widen(self, x0: float, y0: float, x1: float, y1: float) -> None:
        if self.box is None:
            self.box = (x0, y0, x1, y1)
        else:
            a, b, c, d = self.box
            self.box = (min(a, x0), min(b, y0), max(c, x1), max(d, y1))


def colour4f(colour: str) -> skia.Color4f:
    """``#rrggbb`` or ``#rrggbbaa`` as a skia colour."""
    value = colour.lstrip("#")
    red, green, blue = (int(value[i : i + 2], 16) / 255 for i in (0, 2, 4))
    alpha = int(value[6:8], 16) / 255 if len(value) == 8 else 1.0
    return skia.Color4f(red, green, blue, alpha)


def mix(first: str, second: str, share: float) -> str:
    """The colour ``share`` (0..1) of the way from ``first`` to ``second`` (both ``#rrggbb``)."""
    a, b = (np.array([int(c.lstrip("#")[i : i + 2], 16) for i in (0, 2, 4)], float) for c in (first, second))
    red, green, blue = np.clip(np.rint(a + (b - a) * share), 0, 255).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"


def darker(colour: str, share: float = 0.2) -> str:
    """``colour`` mixed with ``share`` of a dark violet (a shadow's tone)."""
    return mix(colour, "#1a1430", share)


def lighter(colour: str, share: float = 0.2) -> str:
    """``colour`` mixed with ``share`` of white."""
    return mix(colour, "#ffffff", share)


def smooth(points: Sequence[Point], closed: bool = True, tension: float = 1.0) -> skia.Path:
    """A smooth (Catmull-Rom) curve through ``points``."""
    n = len(points)
    path = skia.Path()
    path.moveTo(*points[0])
    for i in range(n if closed else n - 1):
        p0 = points[(i - 1) % n] if closed or i > 0 else points[0]
        p1 = points[i % n]
        p2 = points[(i + 1) % n]
        p3 = points[(i + 2) % n] if closed or i + 2 < n else points[-1]
        path.cubicTo(
            p1[0] + (p2[0] - p0[0]) * tension / 6,
            p1[1] + (p2[1] - p0[1]) * tension / 6,
            p2[0] - (p3[0] - p1[0]) * tension / 6,
            p2[1] - (p3[1] - p1[1]) * tension / 6,
            *p2,
        )
    if closed:
        path.close()
    return path


def polygon(points: Iterable[Point], closed: bool = True) -> skia.Path:
    """Straight lines through ``points``."""
    path = skia.Path()
    path.addPoly([skia.Point(*p) for p in points], closed)
    return path


def oval(cx: float, cy: float, rx: float, ry: float) -> skia.Path:
    """An ellipse around (cx, cy) with radii rx and ry."""
    path = skia.Path()
    path.addOval(skia.Rect(cx - rx, cy - ry, cx + rx, cy + ry))
    return path


def rounded(x0: float, y0: float, x1: float, y1: float, radius: float = 0.0) -> skia.Path:
    """A rectangle with rounded corners."""
    path = skia.Path()
    path.addRoundRect(skia.Rect(x0, y0, x1, y1), radius, radius)
    return path


def limb(points: Sequence[Point], widths: Sequence[float]) -> skia.Path:
    """A limb through ``points`` with round joints and tapering ``widths`` (pixels, one per point), as one outline."""
    whole = skia.Path()
    for (a, wa), (b, wb) in zip(
        zip(points[:-1], widths[:-1], strict=True), zip(points[1:], widths[1:], strict=True), strict=True
    ):
        length = math.hypot(b[0] - a[0], b[1] - a[1]) or 1.0
        nx, ny = (b[1] - a[1]) / length / 2, (a[0] - b[0]) / length / 2
        # All pieces turn clockwise, so that overlaps add up under the winding rule: a union without boolean operations.
        corners = [
            (a[0] + nx * wa, a[1] + ny * wa),
            (b[0] + nx * wb, b[1] + ny * wb),
            (b[0] - nx * wb, b[1] - ny * wb),
            (a[0] - nx * wa, a[1] - ny * wa),
        ]
        whole.addPoly([skia.Point(*p) for p in corners], True)
        whole.addCircle(*a, wa / 2)
    whole.addCircle(*points[-1], widths[-1] / 2)
    return whole


@dataclass
class Canvas:
    """``width`` x ``height`` transparent pixels, the parts drawn so far, and the keys of the parts to leave out.

    Drawing calls use the current transform (:meth:`at`), but boxes are always kept in canvas pixels.
    """

    width: int
    height: int
    hidden: frozenset[str] = frozenset()
    parts: list[Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.surface = skia.Surface(self.width, self.height)
        self.skia = self.surface.getCanvas()
        self.skia.clear(skia.ColorTRANSPARENT)
        self._open: list[Part] = []
        self._known: dict[str, Part] = {}
        self._muted = 0

    @contextmanager
    def part(self, object_class: str | None, key: str, beside: bool = False) -> Iterator[None]:
        """Shapes drawn inside belong to this part (and to every part around it).

        ``object_class`` is an Open Images class, or None for what only groups. ``key`` names the part ("mouth"); nested
        keys are joined with a dot ("head.face.mouth"), and a key in ``hidden`` leaves the part out with all inside it.
        Opening the same key again widens the same part. With ``beside`` the key is named as a sibling of the open part,
        so that what is drawn belongs to both (a sleeve to the arm and to the shirt) and is left out with either.
        """
        full = self.key_of(key, beside)
        part = self._known.get(full) or Part(object_class, full)
        muted = full in self.hidden
        self._muted += muted
        self._open.append(part)
        try:
            yield
        finally:
            self._open.pop()
            self._muted -= muted
            if part.box is not None and object_class is not None and full not in self._known:
                self._known[full] = part
                self.parts.append(part)

    def is_hidden(self, key: str, beside: bool = False) -> bool:
        """Whether ``part(..., key, beside)`` would draw nothing here because of ``hidden``."""
        return self.key_of(key, beside) in self.hidden

    def key_of(self, key: str, beside: bool = False) -> str:
        """The full key that ``part(..., key, beside)`` would have here."""
        prefix = self._open[-1].key if self._open else ""
        if beside:
            prefix = prefix.rpartition(".")[0]
        return f"{prefix}.{key}" if prefix else key

    @contextmanager
    def at(self, x: float = 0.0, y: float = 0.0, angle: float = 0.0, scale: float | Point = 1.0) -> Iterator[None]:
        """Move the origin to (x, y), turn by ``angle`` degrees clockwise and scale, for what is drawn inside."""
        sx, sy = scale if isinstance(scale, tuple) else (scale, scale)
        self.skia.save()
        self.skia.translate(x, y)
        self.skia.rotate(angle)
        self.skia.scale(sx, sy)
        try:
            yield
        finally:
            self.skia.restore()

    @contextmanager
    def clip(self, path: skia.Path) -> Iterator[None]:
        """Nothing drawn inside reaches past ``path`` (boxes do not know: draw clipped details outside of own parts)."""
        self.skia.save()
        self.skia.clipPath(path, skia.ClipOp.kIntersect, True)
        try:
            yield
        finally:
            self.skia.restore()

    def fill(self, path: skia.Path, colour: Colour, alpha: float = 1.0, blur: float = 0.0, box: bool = True) -> None:
        """Fill ``path``. ``blur`` is a Gaussian sigma in pixels; with ``box=False`` (shadows, glows) no box widens."""
        self._draw(path, self._paint(colour, alpha, blur), 0.0, box and blur == 0)

    def stroke(
        self, path: skia.Path, colour: Colour, width: float, alpha: float = 1.0, blur: float = 0.0, box: bool = True
    ) -> None:
        """Stroke ``path`` with round caps and joins, ``width`` pixels wide."""
        paint = self._paint(colour, alpha, blur)
        paint.setStyle(skia.Paint.kStroke_Style)
        paint.setStrokeWidth(width)
        paint.setStrokeCap(skia.Paint.kRound_Cap)
        paint.setStrokeJoin(skia.Paint.kRound_Join)
        self._draw(path, paint, width / 2, box and blur == 0)

    def shade(self, rect: skia.Rect, shader: skia.Shader) -> None:
        """Fill ``rect`` with a skia ``shader`` (tints over what is drawn); no box widens."""
        if not self._muted:
            self.skia.drawRect(rect, skia.Paint(AntiAlias=True, Shader=shader))

    def line(self, a: Point, b: Point, colour: Colour, width: float, alpha: float = 1.0, box: bool = True) -> None:
        self.stroke(polygon([a, b], closed=False), colour, width, alpha, box=box)

    def pixels(self) -> np.ndarray:
        """The drawing so far: uint8 (height, width, 4), RGB with straight (unpremultiplied) alpha."""
        return self.surface.toarray(colorType=skia.kRGBA_8888_ColorType)

    def _draw(self, path: skia.Path, paint: skia.Paint, grow: float, box: bool) -> None:
        if self._muted:
            return
        self.skia.drawPath(path, paint)
        if box and self._open:
            matrix = self.skia.getTotalMatrix()
            if matrix.preservesAxisAlignment():
                bounds = matrix.mapRect(path.computeTightBounds().makeOutset(grow, grow))
            else:
                turned = skia.Path()
                path.transform(matrix, turned)
                grow *= math.sqrt(abs(matrix.getScaleX() * matrix.getScaleY() - matrix.getSkewX() * matrix.getSkewY()))
                bounds = turned.computeTightBounds().makeOutset(grow, grow)
            for part in self._open:
                part.widen(bounds.left(), bounds.top(), bounds.right(), bounds.bottom())

    @staticmethod
    def _paint(colour: Colour, alpha: float, blur: float) -> skia.Paint:
        paint = skia.Paint(AntiAlias=True)
        if isinstance(colour, str):
            base = colour4f(colour)
            paint.setColor4f(skia.Color4f(base.fR, base.fG, base.fB, base.fA * alpha))
        else:
            colours = [colour4f(c).toColor() for c in colour.colours]
            stops = list(colour.stops) if colour.stops else None
            if isinstance(colour, Linear):
                ends = [skia.Point(*colour.start), skia.Point(*colour.end)]
                paint.setShader(skia.GradientShader.MakeLinear(points=ends, colors=colours, positions=stops))
            else:
                paint.setShader(
                    skia.GradientShader.MakeRadial(
                        center=skia.Point(*colour.centre), radius=colour.radius, colors=colours, positions=stops
                    )
                )
            paint.setAlphaf(alpha)
        if blur:
            paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
        return paint
