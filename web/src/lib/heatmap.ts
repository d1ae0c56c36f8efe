/** Drawing of the taggram: one band per tag, smooth over time. */

import type { Tags } from "../api";
import { locate, scoreAt, strength } from "./levels";
import type { Colours } from "./ramp";
import type { Rows } from "./rows";

const GAP = 2; // pixels between two bands

/**
 * Draw the bands of the tags between two times.
 *
 * Each column of pixels has the scores of its time, linear between the centres of the segments.
 */
export function drawHeatmap(
  context: CanvasRenderingContext2D,
  tags: Tags,
  { rows }: Rows,
  [start, end]: [number, number],
  width: number,
  table: Colours,
): void {
  const columns = Math.max(1, Math.round(width * context.getTransform().a));
  const places = Array.from({ length: columns }, (_, x) =>
    locate(tags, start + ((x + 0.5) / columns) * (end - start)),
  );
  const strip = new OffscreenCanvas(columns, 1);
  const stripContext = strip.getContext("2d");
  if (!stripContext) return;
  const pixels = new ImageData(columns, 1);
  for (const row of rows) {
    if (row.kind !== "tag") continue;
    for (let x = 0; x < columns; x++) {
      const value = strength(scoreAt(row.tag, places[x] ?? [0, 0]), row.tag.thresholds);
      const colour = Math.round(255 * value) * 4;
      pixels.data.set(table.subarray(colour, colour + 4), x * 4);
    }
    stripContext.putImageData(pixels, 0, 0);
    context.drawImage(strip, 0, row.top, width, row.height - GAP);
  }
}
