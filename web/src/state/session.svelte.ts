/** What the server knows: tracks, models, and what is being added. */

import {
  addExample,
  ApiError,
  type Example,
  listExamples,
  listModels,
  listTracks,
  readUploadLimit,
  type Model,
  removeTrack,
  type Track,
  upload,
} from "../api";
import { type LibraryTrack, openLibraryTrack } from "../library-api";
import { Limiter } from "../lib/limiter";
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
  examples = $state.raw<Example[]>([]);
  uploads = $state.raw<Upload[]>([]);
  notices = $state.raw<Notice[]>([]);
  ready = $state(false);
  readonly tagStore = new TagStore();
  #keys = 0;
  #uploadLimit = Number.POSITIVE_INFINITY;
  #limiter = new Limiter(PARALLEL_UPLOADS);

  readonly defaultModel = $derived(this.models.find((model) => model.default) ?? this.models[0]);

  async start(): Promise<void> {
    try {
      [this.models, this.tracks, this.examples, this.#uploadLimit] = await Promise.all([
        listModels(),
        listTracks(),
        listExamples(),
        readUploadLimit(),
      ]);
    } catch (error) {
      this.fail(error);
    }
    this.ready = true;
  }

  find(id: string | null): Track | undefined {
    return this.tracks.find((track) => track.id === id);
  }

  /** Title and artist of a track, which its deformed versions share, or the name of its file. */
  nameOf(track: Track): string {
    const original = this.find(track.parent);
    if (original) return this.nameOf(original);
    return track.title ? [track.artist, track.title].filter(Boolean).join(" – ") : track.name;
  }

  /** Title of a model, by its name. */
  titleOf(name: string): string {
    return this.models.find((model) => model.name === name)?.title ?? name;
  }

  /** Upload a file, in its turn; null if that failed or was cancelled. */
  async addFile(file: File): Promise<Track | null> {
    if (file.size > this.#uploadLimit) {
      const limit = Math.floor(this.#uploadLimit / 2 ** 20);
      this.fail(new Error(`${file.name} is larger than the ${limit} MB that this server takes: choose a shorter part.`));
      return null;
    }
    return this.#add(file.name, (signal) => uploadPatiently(file, signal));
  }

  addExample({ name, title }: Example): Promise<Track | null> {
    return this.#add(title, () => addExample(name));
  }

  /** Add a file of the server's library. */
  addFromLibrary({ id, name }: LibraryTrack): Promise<Track | null> {
    return this.#add(name, () => openLibraryTrack(id));
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

  async #add(name: string, send: (signal: AbortSignal) => Promise<Track>): Promise<Track | null> {
    const work = new AbortController();
    const entry: Upload = { key: this.#keys++, name, cancel: () => work.abort() };
    this.uploads = [...this.uploads, entry];
    try {
      return await this.#limiter.run(async () => {
        work.signal.throwIfAborted();
        const track = await send(work.signal);
        this.insert(track);
        return track;
      });
    } catch (error) {
      if (!work.signal.aborted) this.fail(error);
      return null;
    } finally {
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
