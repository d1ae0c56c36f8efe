/** The server's grey spectrogram in the colours of the page. */

import type { Colours } from "./ramp";

export function colourPicture(picture: ImageBitmap, table: Colours): OffscreenCanvas {
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return canvas;
  context.drawImage(picture, 0, 0);
  const pixels = context.getImageData(0, 0, picture.width, picture.height);
  for (let i = 0; i < pixels.data.length; i += 4) {
    const grey = (pixels.data[i] ?? 0) * 4;
    pixels.data.set(table.subarray(grey, grey + 4), i);
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

/** Draw the part of the picture between two fractions of its width. */
export function drawPicture(
  context: CanvasRenderingContext2D,
  picture: OffscreenCanvas,
  [from, to]: [number, number],
  width: number,
  height: number,
): void {
  context.imageSmoothingQuality = "high";
  const left = from * picture.width;
  context.drawImage(picture, left, 0, (to - from) * picture.width, picture.height, 0, 0, width, height);
}
