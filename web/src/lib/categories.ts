/** The order of the categories, the same for every track so that tags are found in their place. */

import { capitalize } from "./format";

const ORDER = ["genre", "instrument", "voice", "mood", "tempo", "era", "other"];
const TITLES: Record<string, string> = { tempo: "Tempo and loudness", other: "More" };

/** Category of continuous ratings, which are drawn as meters and not as tags. */
export const SCALE = "scale";

export interface Group<Tag> {
  category: string;
  title: string;
  tags: Tag[];
}

/** Group tags by category; within a category their order stays. */
export function groupTags<Tag extends { category: string }>(tags: Tag[]): Group<Tag>[] {
  const groups = new Map<string, Tag[]>();
  for (const tag of tags) {
    if (tag.category === SCALE) continue;
    groups.set(tag.category, [...(groups.get(tag.category) ?? []), tag]);
  }
  const rank = (category: string) => (ORDER.includes(category) ? ORDER.indexOf(category) : ORDER.length);
  return [...groups]
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([category, members]) => ({ category, title: categoryTitle(category), tags: members }));
}

export function categoryTitle(category: string): string {
  return TITLES[category] ?? capitalize(category);
}
