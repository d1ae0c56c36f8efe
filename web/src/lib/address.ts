/** The address: what is shown, so that a reload or a link restores it while the server runs. */

import type { Least } from "../library-api";

export const VIEWS = ["taggram", "models", "stress", "similar"] as const;
export type View = (typeof VIEWS)[number];

export interface Address {
  track: string | null;
  model: string | null;
  /** Models of the comparison. */
  models: string[];
  view: View;
  /** Position in seconds. */
  time: number;
  moment: boolean;
  allTags: boolean;
  ownVocabularies: boolean;
  loop: [number, number] | null;
  place: "music" | "library";
  /** Words of a search in the library. */
  words: string;
  least: Least;
  /** Number of the track of the library whose like are shown in place of a search. */
  like: number | null;
}

const LEAST: Least[] = ["likely", "sure", "maybe", ""]; // the first is that of a new search

export function parseAddress(hash: string): Address {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const [start, end] = (values.get("loop") ?? "").split("-").map(Number);
  const view = VIEWS.find((name) => name === values.get("view")) ?? "taggram";
  return {
    track: values.get("track"),
    model: values.get("model"),
    models: values.get("models")?.split(",").filter(Boolean) ?? [],
    view,
    time: Math.max(0, Number(values.get("t")) || 0),
    moment: values.has("moment"),
    allTags: values.has("all"),
    ownVocabularies: values.has("own"),
    loop: start !== undefined && end !== undefined && end > start ? [start, end] : null,
    place: values.has("library") ? "library" : "music",
    words: values.get("words") ?? "",
    least: LEAST.find((level) => level === values.get("least")) ?? "likely",
    like: /^\d+$/.test(values.get("like") ?? "") ? Number(values.get("like")) : null,
  };
}

export function formatAddress(address: Address): string {
  const values = new URLSearchParams();
  const number = (x: number) => String(Math.round(x * 100) / 100);
  if (address.track) values.set("track", address.track);
  if (address.model) values.set("model", address.model);
  if (address.models.length) values.set("models", address.models.join(","));
  if (address.view !== "taggram") values.set("view", address.view);
  if (address.time > 0) values.set("t", number(address.time));
  if (address.loop) values.set("loop", address.loop.map(number).join("-"));
  if (address.moment) values.set("moment", "");
  if (address.allTags) values.set("all", "");
  if (address.ownVocabularies) values.set("own", "");
  if (address.place === "library") values.set("library", "");
  if (address.words) values.set("words", address.words);
  if (address.least !== "likely") values.set("least", address.least);
  if (address.like !== null) values.set("like", String(address.like));
  const text = values.toString().replaceAll("=&", "&").replace(/=$/, "").replaceAll("%2C", ",");
  return text && `#${text}`;
}
