/** What the server knows: tracks, models, and what is being added. */

import {
  addExample,
  ApiError,
  listModels,
  listTracks,
  type Model,
  removeTrack,
  type Track,
  upload,
} from "../api";
import { TagStore } from "./tag-store.svelte";

export interface Upload {
  key: number;
  name: string;
  cancel: () => void;
}

export interface Notice {
  key: number;
  text: string;
}

const PARALLEL_UPLOADS = 2;

export class Session {
  tracks = $state.raw<Track[]>([]);
  models = $state.raw<Model[]>([]);
  uploads = $state.raw<Upload[]>([]);
  notices = $state.raw<Notice[]>([]);
  ready = $state(false);
  readonly tagStore = new TagStore();
  #keys = 0;
  #active = 0;
  #waiting: (() => void)[] = [];

  readonly defaultModel = $derived(this.models.find((model) => model.default) ?? this.models[0]);

  async start(): Promise<void> {
    try {
      [this.models, this.tracks] = await Promise.all([listModels(), listTracks()]);
    } catch (error) {
      this.fail(error);
    }
    this.ready = true;
  }

  find(id: string | null): Track | undefined {
    return this.tracks.find((track) => track.id === id);
  }

  /** Title of a model, by its name. */
  titleOf(name: string): string {
    return this.models.find((model) => model.name === name)?.title ?? name;
  }

  /** Upload files, a few at a time; `onTrack` gets each track when the server has read it. */
  addFiles(files: Iterable<File>, onTrack: (track: Track) => void): void {
    for (const file of files) {
      void this.#adding(file.name, onTrack, (signal) => uploadPatiently(file, signal));
    }
  }

  addExample(name: string, title: string, onTrack: (track: Track) => void): void {
    void this.#adding(title, onTrack, () => addExample(name));
  }

  /** Add a track that the server made. */
  insert(track: Track): void {
    this.tracks = [...this.tracks.filter(({ id }) => id !== track.id), track];
  }

  async remove(track: Track): Promise<void> {
    this.tagStore.forget(track.id);
    this.tracks = this.tracks.filter(({ id }) => id !== track.id);
    await removeTrack(track.id).catch(() => {}); // it is gone from here in any case
  }

  fail(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.notices = [...this.notices, { key: this.#keys++, text }];
  }

  dismiss(key: number): void {
    this.notices = this.notices.filter((notice) => notice.key !== key);
  }

  async #adding(
    name: string,
    onTrack: (track: Track) => void,
    add: (signal: AbortSignal) => Promise<Track>,
  ): Promise<void> {
    const work = new AbortController();
    const entry: Upload = { key: this.#keys++, name, cancel: () => work.abort() };
    this.uploads = [...this.uploads, entry];
    if (this.#active >= PARALLEL_UPLOADS) await new Promise<void>((next) => this.#waiting.push(next));
    this.#active++;
    try {
      work.signal.throwIfAborted();
      const track = await add(work.signal);
      this.insert(track);
      onTrack(track);
    } catch (error) {
      if (!work.signal.aborted) this.fail(error);
    } finally {
      this.#active--;
      this.#waiting.shift()?.();
      this.uploads = this.uploads.filter(({ key }) => key !== entry.key);
    }
  }
}

/** Upload a file; wait where the server's queue is full. */
async function uploadPatiently(file: File, signal: AbortSignal): Promise<Track> {
  for (;;) {
    try {
      return await upload(file, signal);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 429) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * Math.max(1, error.retryAfter)));
      signal.throwIfAborted();
    }
  }
}
