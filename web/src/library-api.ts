/** The library's part of the REST API. */

import { json, type Level, query, request, type Track } from "./api";

export interface LibraryTag {
  tag: string;
  title: string;
  category: string;
  /** Number of tracks that have it at each level; empty for a model without levels. */
  tracks: Partial<Record<Level, number>>;
}

export interface LibraryRun {
  run: number;
  started: string;
  files: number;
}

export interface LibraryInfo {
  exists: boolean;
  allow_write: boolean;
  tracks: number;
  hours: number;
  model: string | null;
  levels: boolean;
  tags: LibraryTag[];
  runs: LibraryRun[];
}

export interface LibraryTrack {
  id: number;
  name: string;
  artist: string | null;
  album: string | null;
  year: number | null;
  duration: number;
  tags: { tag: string; title: string; category: string; probability: number; level: Level | null }[];
  /** Of a search: probability of each word. */
  words?: Record<string, number>;
  /** Of similar tracks. */
  similarity?: number;
  copies?: number;
}

export interface LibrarySearch {
  total: number;
  tracks: LibraryTrack[];
  terms: { word: string; tags: string[]; negative: boolean }[];
  unknown: Record<string, string[]>;
  ids: number[] | null;
}

export interface LibraryMap {
  ids: number[];
  x: number[];
  y: number[];
  /** Index of each track's genre; -1 for none. */
  genre: number[];
  genres: { tag: string; title: string }[];
  method: "neighbours" | "pca";
}

/** Level that each word of a search reaches at least; "" for none. */
export type Least = Level | "";

export interface WriteOptions {
  /** Tracks; null for all. */
  ids: number[] | null;
  fields: ("genre" | "mood")[];
  min: Level;
  most: number;
  mode: "missing" | "merge" | "replace";
}

export interface WriteInfo {
  plan: string | null;
  run: number | null;
  changes: { name: string; fields: { field: string; before: string[]; after: string[] }[] }[];
  failed: { name: string; error: string }[];
}

export const readLibrary = () => json<LibraryInfo>("library");
export const readLibraryMap = () => json<LibraryMap>("library/map");
export const readLibraryTrack = (id: number) => json<LibraryTrack>(`library/tracks/${id}`);
export const libraryAudioUrl = (id: number) => `v1/library/tracks/${id}/audio`;
export const openLibraryTrack = (id: number) => json<Track>(`library/tracks/${id}/open`, { method: "POST" });

/** Find out why audio cannot be played: raises the server's error, if it has one. */
export const checkLibraryAudio = (id: number) =>
  request(`library/tracks/${id}/audio`, { headers: { Range: "bytes=0-0" } });

export function searchLibrary(
  words: string,
  least: Least,
  offset: number,
  limit: number,
  signal: AbortSignal,
): Promise<LibrarySearch> {
  const level: Record<string, string> = least ? { min: least } : {};
  return json(`library/search?${query({ q: words, ...level, offset, limit, ids: String(!offset) })}`, { signal });
}

export const listLibrarySimilar = (id: number, n: number, signal: AbortSignal) =>
  json<LibraryTrack[]>(`library/tracks/${id}/similar?${query({ n })}`, { signal });

const post = (path: string, body: object) =>
  json<WriteInfo>(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

/** What would be written; with the plan of that answer, write it. */
export const writeLibrary = (options: WriteOptions, plan: string | null) => post("library/write", { ...options, plan });
export const undoLibrary = (run: number) => post("library/undo", { run });
