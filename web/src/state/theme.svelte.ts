/** The colour maps of the reader's theme. */

import { MediaQuery } from "svelte/reactivity";
import { type Colours, colours, type RampName } from "../lib/ramp";

const dark = new MediaQuery("(prefers-color-scheme: dark)");
const cache = new Map<string, Colours>();

export function ramp(name: RampName): Colours {
  const key = `${name} ${dark.current}`;
  const table = cache.get(key) ?? colours(name, dark.current);
  cache.set(key, table);
  return table;
}

/** Value of a custom property of the style sheet, of the theme at hand. */
export function property(name: string): string {
  void dark.current; // read, so that whoever draws with it draws again when the theme changes
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}
