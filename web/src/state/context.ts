/** What the components share, handed down by the application. */

import { createContext } from "svelte";
import type { Example, Model, Track } from "../api";
import type { Address } from "../lib/address";
import type { LibraryTrack } from "../library-api";
import type { LibraryState } from "./library.svelte";
import type { Player } from "./player.svelte";
import type { Session } from "./session.svelte";
import type { Viewport } from "./viewport.svelte";

export interface Shared {
  readonly session: Session;
  readonly library: LibraryState;
  readonly player: Player;
  readonly viewport: Viewport;
  /** What is shown; components write to it, the address follows. */
  readonly shown: Address;
  /** The model whose tags are shown. */
  readonly model: Model | undefined;
  /** Show another track, from a position on. */
  open: (track: Track, time?: number) => void;
  /** Add files, show the first of them, and tag them all. */
  addFiles: (files: Iterable<File>) => void;
  addExample: (example: Example) => void;
  /** Play a track of the library, or pause it. */
  playFromLibrary: (track: LibraryTrack) => void;
  /** Make a track of the library one of this server's tracks, and show it. */
  openFromLibrary: (track: LibraryTrack) => Promise<void>;
  /** Show a model's card. */
  openCard: (model: string) => void;
}

export const [shared, setShared] = createContext<Shared>();
