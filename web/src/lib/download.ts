/** Tags as files. */

import type { Tags, Track } from "../api";

export function downloadJson(track: Track, tags: Tags): void {
  save(track, "json", new Blob([`${JSON.stringify(tags, null, 1)}\n`], { type: "application/json" }));
}

export function downloadCsv(track: Track, tags: Tags): void {
  save(track, "csv", new Blob([toCsv(tags)], { type: "text/csv" }));
}

/** A row per segment, a column per tag. */
export function toCsv(tags: Tags): string {
  const header = ["start", "end", ...tags.tags.map((tag) => tag.tag)];
  const rows = tags.times.map((start, i) => {
    const end = Math.min(tags.seconds, start + tags.segment_seconds);
    return [start.toFixed(3), end.toFixed(3), ...tags.tags.map((tag) => tag.over_time[i] ?? "")];
  });
  return [header, ...rows].map((row) => `${row.map(quote).join(",")}\r\n`).join("");
}

function quote(cell: string | number): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Save a file named after a track. */
export function save(track: Track, suffix: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = `${track.name.replace(/\.[^.]*$/, "")}.${suffix}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // the browser reads it after the click
}
