/** Drawing of the waveform from the server's peaks. */

import type { Peaks } from "../api";

export function drawWaveform(
  context: CanvasRenderingContext2D,
  peaks: Peaks,
  [start, end]: [number, number],
  width: number,
  height: number,
  colour: string,
): void {
  const points = peaks.max.length;
  const loudest = Math.max(0.05, ...peaks.max, ...peaks.min.map(Math.abs));
  const scale = (height / 2 - 1) / loudest;
  const middle = height / 2;
  const columns = Math.max(1, Math.floor(width * context.getTransform().a));
  const point = (column: number) => ((start + (column / columns) * (end - start)) / peaks.seconds) * points;
  context.fillStyle = colour;
  for (let x = 0; x < columns; x++) {
    const from = Math.min(points - 1, Math.max(0, Math.floor(point(x))));
    const to = Math.min(points, Math.max(from + 1, Math.floor(point(x + 1))));
    let low = 0;
    let high = 0;
    for (let i = from; i < to; i++) {
      low = Math.min(low, peaks.min[i] ?? 0);
      high = Math.max(high, peaks.max[i] ?? 0);
    }
    const top = middle - high * scale;
    context.fillRect((x / columns) * width, top, width / columns, Math.max(1, (high - low) * scale));
  }
}
