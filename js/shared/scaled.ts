// Pictures kept at the size at which they are painted. Scaling is what painting a picture costs, and a drag paints the same
// few pictures at the same sizes many times a second.

/** Beyond this many pixels a picture is scaled while it is painted: it is zoomed in so far that most of it is out of sight. */
const MOST_PIXELS = 4_000_000;

export class ScaledPicture {
  private source: CanvasImageSource | null = null;
  private kept: HTMLCanvasElement | null = null;
  private smooth = true;

  /** Paints `source` over the rectangle (CSS pixels) of a context whose transform is `ratio` device pixels to one. */
  paint(
    context: CanvasRenderingContext2D,
    source: CanvasImageSource,
    at: { x: number; y: number; width: number; height: number },
    ratio: number,
    smooth = true,
  ): void {
    const width = Math.max(1, Math.round(at.width * ratio));
    const height = Math.max(1, Math.round(at.height * ratio));
    if (width * height > MOST_PIXELS) {
      scale(context, source, at.x, at.y, at.width, at.height, smooth);
      return;
    }
    const kept = this.at(source, width, height, smooth);
    // On whole device pixels it is copied as it is.
    const x = Math.round(at.x * ratio) / ratio;
    const y = Math.round(at.y * ratio) / ratio;
    context.imageSmoothingEnabled = false;
    context.drawImage(kept, x, y, width / ratio, height / ratio);
  }

  /** `source` as a canvas of that many device pixels. */
  at(source: CanvasImageSource, width: number, height: number, smooth = true): HTMLCanvasElement {
    const kept = (this.kept ??= document.createElement("canvas"));
    if (this.source === source && kept.width === width && kept.height === height && this.smooth === smooth) return kept;
    kept.width = width;
    kept.height = height;
    const context = kept.getContext("2d");
    if (context === null) throw new Error("This browser gives no 2d canvas.");
    scale(context, source, 0, 0, width, height, smooth);
    this.source = source;
    this.smooth = smooth;
    return kept;
  }
}

function scale(context: CanvasRenderingContext2D, source: CanvasImageSource, x: number, y: number, width: number, height: number, smooth: boolean): void {
  context.imageSmoothingEnabled = smooth;
  context.imageSmoothingQuality = "high";
  context.drawImage(source, x, y, width, height);
}
