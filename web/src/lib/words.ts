/** The words of a search, to which a click on a tag adds its name. */

const WORD = /-?"[^"]*"|\S+/g;

/** A tag as it is written in a search: in quotes if it is more than one word. */
function quote(tag: string): string {
  return /\s/.test(tag) ? `"${tag}"` : tag;
}

const same = (word: string, tag: string) => word.replaceAll('"', "").toLowerCase() === tag.toLowerCase();

/** Whether a search asks for a tag by its name. */
export function hasTag(words: string, tag: string): boolean {
  return (words.match(WORD) ?? []).some((word) => same(word, tag));
}

/** Add a tag to a search, or take it out. */
export function toggleTag(words: string, tag: string): string {
  const list: string[] = words.match(WORD) ?? [];
  const others = list.filter((word) => !same(word, tag));
  return (others.length < list.length ? others : [...list, quote(tag)]).join(" ");
}

/** Put another word in the place of one that is not understood. */
export function replaceWord(words: string, old: string, tag: string): string {
  return (words.match(WORD) ?? [])
    .map((word) => (same(word.replace(/^-/, ""), old) ? `${word.startsWith("-") ? "-" : ""}${quote(tag)}` : word))
    .join(" ");
}
