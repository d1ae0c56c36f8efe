/** The library of the server: what is searched for, what is found, and what plays. */

import type { Address } from "../lib/address";
import {
  type LibraryInfo,
  type LibraryMap,
  type LibrarySearch,
  type LibraryTrack,
  listLibrarySimilar,
  readLibrary,
  readLibraryMap,
  readLibraryTrack,
  searchLibrary,
} from "../library-api";
import type { Session } from "./session.svelte";

const PAGE = 50; // tracks that are shown at first, and more each time
const SIMILAR = 30;

export class LibraryState {
  info = $state.raw<LibraryInfo | null>(null);
  map = $state.raw<LibraryMap | null>(null);
  /** What is found; null before the first answer. */
  found = $state.raw<LibrarySearch | null>(null);
  /** Why nothing is found, as a line. */
  problem = $state("");
  busy = $state(false);
  /** The track whose like are listed. */
  like = $state.raw<LibraryTrack | null>(null);
  playing = $state.raw<LibraryTrack | null>(null);
  readonly #tracks = new Map<number, LibraryTrack>();
  readonly #session: Session;
  #work = new AbortController();

  /** Tracks that are found, all of them, as a set; null if nothing is searched for. */
  readonly matches = $derived(
    this.found && (this.like || this.found.terms.length || this.found.total < (this.info?.tracks ?? 0))
      ? new Set(this.found.ids)
      : null,
  );

  constructor(session: Session) {
    this.#session = session;
  }

  /** Read what the library has, and its map. */
  async start(): Promise<void> {
    try {
      this.info = await readLibrary();
      if (this.info.exists) this.map = await readLibraryMap();
    } catch (error) {
      this.#session.fail(error);
    }
  }

  /** Read again how many tracks have which tag, and which runs can be undone. */
  async refresh(): Promise<void> {
    this.info = await readLibrary();
  }

  /** Find what an address asks for. */
  async find({ words, least, like }: Address): Promise<void> {
    const signal = this.#restart();
    try {
      if (like !== null) {
        const [track, similar] = await Promise.all([this.track(like), listLibrarySimilar(like, SIMILAR, signal)]);
        if (signal.aborted) return;
        const ids = [track.id, ...similar.map(({ id }) => id)];
        this.found = { total: similar.length, tracks: similar, terms: [], unknown: {}, ids };
        this.like = track;
      } else {
        const level = words.trim() && this.info?.levels ? least : "";
        const found = await searchLibrary(words, level, 0, PAGE, signal);
        if (signal.aborted) return;
        this.found = found;
        this.like = null;
      }
      this.problem = "";
      this.#keep(this.found.tracks);
    } catch (error) {
      if (signal.aborted) return;
      this.found = null;
      this.like = null;
      this.problem = error instanceof Error ? error.message : String(error);
    } finally {
      if (!signal.aborted) this.busy = false;
    }
  }

  /** Find the next tracks of a search. */
  async more({ words, least }: Address): Promise<void> {
    const before = this.found;
    if (!before) return;
    const signal = this.#restart();
    try {
      const level = words.trim() && this.info?.levels ? least : "";
      const { tracks } = await searchLibrary(words, level, before.tracks.length, PAGE, signal);
      if (signal.aborted) return;
      this.found = { ...before, tracks: [...before.tracks, ...tracks] };
      this.#keep(tracks);
    } catch (error) {
      if (!signal.aborted) this.#session.fail(error);
    } finally {
      if (!signal.aborted) this.busy = false;
    }
  }

  /** A track by its number, if it was read before. */
  known(id: number): LibraryTrack | undefined {
    return this.#tracks.get(id);
  }

  async track(id: number): Promise<LibraryTrack> {
    const known = this.#tracks.get(id);
    if (known) return known;
    const track = await readLibraryTrack(id);
    this.#keep([track]);
    return track;
  }

  #keep(tracks: LibraryTrack[]): void {
    for (const track of tracks) this.#tracks.set(track.id, track);
  }

  #restart(): AbortSignal {
    this.#work.abort();
    this.#work = new AbortController();
    this.busy = true;
    return this.#work.signal;
  }
}
