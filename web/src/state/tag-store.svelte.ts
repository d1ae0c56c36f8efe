/** Tags of tracks by model and vocabulary, fetched once each. */

import { SvelteMap } from "svelte/reactivity";
import { Limiter } from "../lib/limiter";
import { awaitTags, type Progress, readTags, type Tags, type Track } from "../api";

export type TagEntry =
  | { state: "busy"; progress: Progress }
  | { state: "ready"; tags: Tags }
  | { state: "failed"; error: string };

const PARALLEL = 3; // each keeps a connection to the server
const MOST_SEGMENTS = 2400; // a long file gets a longer hop, or its tags are tens of megabytes

export function hopOf(track: Track): number {
  return Math.max(0.5, Math.ceil((track.seconds / MOST_SEGMENTS) * 10) / 10);
}

const key = (track: Track, model: string, vocabulary: string) => `${track.id} ${model} ${vocabulary}`;

export class TagStore {
  #entries = new SvelteMap<string, TagEntry>();
  #limiter = new Limiter(PARALLEL);
  #work = new Map<string, AbortController>();

  get(track: Track, model: string, vocabulary = ""): TagEntry | undefined {
    return this.#entries.get(key(track, model, vocabulary));
  }

  /** The tags, if they are there. */
  tags(track: Track, model: string, vocabulary = ""): Tags | null {
    const entry = this.get(track, model, vocabulary);
    return entry?.state === "ready" ? entry.tags : null;
  }

  /** Tag a track, unless that is done or under way. */
  async request(track: Track, model: string, vocabulary = ""): Promise<void> {
    const name = key(track, model, vocabulary);
    if (this.#work.has(name)) return;
    const work = new AbortController();
    this.#work.set(name, work);
    const put = (entry: TagEntry) => {
      if (!work.signal.aborted) this.#entries.set(name, entry);
    };
    put({ state: "busy", progress: { done: 0, total: track.seconds } });
    const hop = hopOf(track);
    try {
      await this.#limiter.run(async () => {
        work.signal.throwIfAborted();
        await awaitTags(track.id, model, hop, (progress) => put({ state: "busy", progress }), work.signal);
        put({ state: "ready", tags: await readTags(track.id, model, hop, vocabulary) });
      });
    } catch (error) {
      put({ state: "failed", error: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Try again what failed. */
  retry(track: Track, model: string, vocabulary = ""): void {
    this.#work.delete(key(track, model, vocabulary));
    void this.request(track, model, vocabulary);
  }

  /** Forget a track and cancel its work. */
  forget(id: string): void {
    for (const [name, work] of this.#work) {
      if (!name.startsWith(`${id} `)) continue;
      work.abort();
      this.#work.delete(name);
      this.#entries.delete(name);
    }
  }
}
