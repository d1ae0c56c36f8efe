/** The rows of the taggram: a line per category, under it its tags. */

import type { Tag } from "../api";
import { groupTags } from "./categories";

export const TAG_HEIGHT = 24; // pixels
export const CATEGORY_HEIGHT = 26;

export type Row =
  | { kind: "category"; title: string; top: number; height: number }
  | { kind: "tag"; tag: Tag; top: number; height: number };

export interface Rows {
  rows: Row[];
  height: number;
}

export function layOut(tags: Tag[]): Rows {
  const rows: Row[] = [];
  let top = 0;
  for (const group of groupTags(tags)) {
    rows.push({ kind: "category", title: group.title, top, height: CATEGORY_HEIGHT });
    top += CATEGORY_HEIGHT;
    for (const tag of group.tags) {
      rows.push({ kind: "tag", tag, top, height: TAG_HEIGHT });
      top += TAG_HEIGHT;
    }
  }
  return { rows, height: top };
}
