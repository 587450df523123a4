// A picture without its colours, for a map whose colours mean something to lie on.
import { h } from "./dom";

export function greyed(picture: ImageBitmap): HTMLCanvasElement {
  const canvas = h("canvas", { width: picture.width, height: picture.height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("This browser gives no 2d canvas.");
  context.drawImage(picture, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const data = pixels.data;
  for (let i = 0; i < data.length; i += 4) {
    data[i] = data[i + 1] = data[i + 2] = 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}
