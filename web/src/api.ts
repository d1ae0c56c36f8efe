/** The server's REST API: its types and one function per request. */

export type Level = "sure" | "likely" | "maybe";

export interface Track {
  id: string;
  name: string;
  seconds: number;
  sample_rate: number;
  channels: number;
  title: string | null;
  artist: string | null;
  parent: string | null;
  deformation: string | null;
  created: string;
}

/** Scores from which on a tag has a level. */
export type Thresholds = Record<Level, number>;

export interface Tag {
  tag: string;
  title: string;
  category: string;
  score: number;
  probability: number | null;
  level: Level | null;
  shown: boolean;
  over_time: number[];
  thresholds: Thresholds | null;
}

export interface Tags {
  model: string;
  vocabulary: string;
  times: number[];
  segment_seconds: number;
  hop: number;
  seconds: number;
  tags: Tag[];
  headline: string | null;
  warnings: string[];
}

export interface Model {
  name: string;
  title: string;
  default: boolean;
  vocabulary: string;
  tags: number;
  segment_seconds: number;
  licence: string;
  summary: string;
}

interface BaseDeformation {
  name: string;
  title: string;
  summary?: string;
  unit: string;
  parameter: string;
}

export interface RangeDeformation extends BaseDeformation {
  choices?: null;
  min: number;
  max: number;
  default: number;
  log: boolean;
}

export interface ChoiceDeformation extends BaseDeformation {
  choices: (string | number)[];
  default: string | number;
}

export type Deformation = RangeDeformation | ChoiceDeformation;
/** One step of a chain: the deformation's name, and its parameter with a value. */
export type DeformationStep = { name: string } & Record<string, string | number>;

export interface Peaks {
  seconds: number;
  min: number[];
  max: number[];
}

export interface Spectrogram {
  picture: ImageBitmap;
  /** Marks of the frequency axis: fraction of the height from the bottom, and Hz. */
  marks: [number, number][];
}

export interface Similar {
  id: string;
  name: string;
  similarity: number;
}

export interface Example {
  name: string;
  title: string;
}

export interface Progress {
  done: number;
  total: number;
}

/** An answer that is no success; its message is one line for people. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status = 0,
    readonly retryAfter = 0,
  ) {
    super(message);
  }
}

const UNREACHABLE = "The server does not answer: check that taggram serve is still running, then try again.";

export async function request(path: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`v1/${path}`, init);
  } catch (error) {
    if (init?.signal?.aborted) throw error;
    throw new ApiError(UNREACHABLE);
  }
  if (response.ok) return response;
  const body: { error?: unknown } = await response.json().catch(() => ({}));
  const line = typeof body.error === "string" ? body.error : `The server refused this (${response.status}).`;
  throw new ApiError(line, response.status, Number(response.headers.get("Retry-After")) || 0);
}

export async function json<T>(path: string, init?: RequestInit): Promise<T> {
  return (await request(path, init)).json();
}

export function query(values: Record<string, string | number>): string {
  return new URLSearchParams(Object.entries(values).map(([key, value]) => [key, String(value)])).toString();
}

/** Largest upload, in bytes. */
export const readUploadLimit = async () => (await json<{ limits: { max_bytes: number } }>("health")).limits.max_bytes;
export const listModels = () => json<Model[]>("models");
export const readCard = (model: string) => json<Record<string, unknown>>(`models/${encodeURIComponent(model)}`);
export const listDeformations = () => json<Deformation[]>("deformations");
export const listExamples = () => json<Example[]>("examples");
export const addExample = (name: string) =>
  json<Track>(`examples/${encodeURIComponent(name)}`, { method: "POST" });
export const listTracks = () => json<Track[]>("tracks");
export const removeTrack = (id: string) => request(`tracks/${id}`, { method: "DELETE" });
export const audioUrl = (id: string) => `v1/tracks/${id}/audio`;
export const readPeaks = (id: string, points: number) => json<Peaks>(`tracks/${id}/peaks?${query({ points })}`);

export function upload(file: File, signal: AbortSignal): Promise<Track> {
  const body = new FormData();
  body.append("file", file);
  return json<Track>("tracks", { method: "POST", body, signal });
}

export async function readSpectrogram(id: string, width: number, height: number): Promise<Spectrogram> {
  const response = await request(`tracks/${id}/spectrogram.png?${query({ width, height })}`);
  const marks = JSON.parse(response.headers.get("X-Mel-Frequencies") ?? "[]");
  return { picture: await createImageBitmap(await response.blob()), marks };
}

export function readTags(id: string, model: string, hop: number, vocabulary: string): Promise<Tags> {
  return json<Tags>(`tracks/${id}/tags?${query({ model, hop, vocabulary })}`);
}

export const listSimilar = (id: string, model: string, n: number) =>
  json<Similar[]>(`tracks/${id}/similar?${query({ model, n })}`);

export function deform(id: string, deformations: DeformationStep[]): Promise<Track> {
  return json<Track>(`tracks/${id}/deform`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ deformations }),
  });
}

/** Wait until a track is tagged; aborting the signal cancels the work. */
export function awaitTags(
  id: string,
  model: string,
  hop: number,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const events = new EventSource(`v1/tracks/${id}/events?${query({ model, hop })}`);
    const close = (settle: () => void) => {
      events.close();
      settle();
    };
    signal.addEventListener("abort", () => close(() => reject(signal.reason)));
    events.addEventListener("progress", (event) => onProgress(JSON.parse(event.data)));
    events.addEventListener("done", () => close(resolve));
    events.addEventListener("error", (event) => {
      // The server's own event has data. The browser's says nothing of why; asking for the tags does.
      if (event instanceof MessageEvent) close(() => reject(new ApiError(JSON.parse(event.data).error)));
      else close(resolve);
    });
  });
}
