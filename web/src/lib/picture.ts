/** The taggram with waveform and spectrogram as a picture, in the colours of the page. */

import { readPeaks, readSpectrogram, type Tags, type Track } from "../api";
import { property } from "../state/theme.svelte";
import { save } from "./download";
import { axisStep, formatHertz, formatTime } from "./format";
import { drawHeatmap } from "./heatmap";
import { isNotable } from "./levels";
import type { Colours } from "./ramp";
import { layOut } from "./rows";
import { colourPicture, drawPicture } from "./spectrum";
import { drawWaveform } from "./waveform";

const WIDTH = 1200;
const SCALE = 2; // pixels per unit: sharp in print
const MARGIN = 32;
const GUTTER = 152;
const HEAD = 84;
const WAVE = 56;
const SPECTRUM = 112;
const AXIS = 24;
const FONT = "system-ui, sans-serif";

export async function downloadPicture(
  track: Track,
  tags: Tags,
  allTags: boolean,
  tagColours: Colours,
  spectrumColours: Colours,
): Promise<void> {
  const [peaks, spectrogram] = await Promise.all([readPeaks(track.id, 2000), readSpectrogram(track.id, 1600, 128)]);
  const rows = layOut(allTags ? tags.tags : tags.tags.filter(isNotable));
  const canvas = document.createElement("canvas");
  const height = MARGIN + HEAD + WAVE + SPECTRUM + AXIS + rows.height + MARGIN;
  canvas.width = WIDTH * SCALE;
  canvas.height = height * SCALE;
  const context = canvas.getContext("2d");
  if (!context) return;
  const [text, muted, paper] = ["--text", "--muted", "--paper"].map(property) as [string, string, string];
  const plot = WIDTH - 2 * MARGIN - GUTTER;
  const write = (what: string, x: number, y: number, size: number, colour: string, align: CanvasTextAlign = "left") => {
    context.font = `${size >= 20 ? 600 : 400} ${size}px ${FONT}`;
    context.fillStyle = colour;
    context.textAlign = align;
    context.fillText(what, x, y);
  };

  context.scale(SCALE, SCALE);
  context.fillStyle = paper;
  context.fillRect(0, 0, WIDTH, height);
  const name = track.title ? [track.artist, track.title].filter(Boolean).join(" – ") : track.name;
  write(`${name} · ${formatTime(track.seconds)} · ${tags.model}`, MARGIN, MARGIN + 12, 13, muted);
  write(tags.headline ?? name, MARGIN, MARGIN + 46, 26, text);

  context.translate(MARGIN + GUTTER, MARGIN + HEAD);
  drawWaveform(context, peaks, [0, track.seconds], plot, WAVE, property("--wave"));
  context.translate(0, WAVE);
  drawPicture(context, colourPicture(spectrogram.picture, spectrumColours), [0, 1], plot, SPECTRUM);
  for (const [fraction, hertz] of spectrogram.marks) {
    write(`${formatHertz(hertz)} Hz`, -10, (1 - fraction) * SPECTRUM + 4, 11, muted, "right");
  }
  context.translate(0, SPECTRUM);
  const step = axisStep(track.seconds, plot, 72);
  for (let time = 0; time < track.seconds; time += step) {
    write(formatTime(time, step < 1 ? 1 : 0), (time / track.seconds) * plot + 4, 15, 11, muted);
    context.fillRect((time / track.seconds) * plot, 2, 1, 14);
  }
  context.translate(0, AXIS);
  drawHeatmap(context, tags, rows, [0, track.seconds], plot, tagColours);
  for (const row of rows.rows) {
    if (row.kind === "tag") write(row.tag.title, -10, row.top + 16, 13, text, "right");
    else write(row.title, -GUTTER, row.top + 20, 11, muted);
  }
  const picture = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
  if (picture) save(track, "png", picture);
}
