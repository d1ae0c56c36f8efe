/** Several models' tags of one track, beside one another. */

import type { Tag, Tags } from "../api";
import { strength } from "./levels";

export interface Comparison {
  /** The tag, as the first model that has it describes it. */
  tag: Tag;
  /** Per model; null where its vocabulary lacks the tag. */
  cells: (Tag | null)[];
  /** Number of models that show the tag, and of those that could. */
  shown: number;
  able: number;
}

export interface Agreement {
  /** Tags that all models show which have them, at least two. */
  agreed: Comparison[];
  /** Tags that some show and others do not. */
  disputed: Comparison[];
  /** Tags that only one model has. */
  single: Comparison[];
}

/** Compare the shown tags of models in one vocabulary, the strongest first. */
export function compare(models: Tags[]): Agreement {
  const byTag = models.map(({ tags }) => new Map(tags.map((tag) => [tag.tag, tag])));
  const names = new Set(models.flatMap(({ tags }) => tags.filter((tag) => tag.shown).map((tag) => tag.tag)));
  const rows = [...names].map((name): Comparison => {
    const cells = byTag.map((tags) => tags.get(name) ?? null);
    const able = cells.filter((cell) => cell !== null);
    return {
      tag: able[0] as Tag,
      cells,
      shown: able.filter((cell) => cell.shown).length,
      able: able.length,
    };
  });
  rows.sort((a, b) => b.shown / b.able - a.shown / a.able || meanStrength(b) - meanStrength(a));
  return {
    agreed: rows.filter(({ shown, able }) => able > 1 && shown === able),
    disputed: rows.filter(({ shown, able }) => able > 1 && shown < able),
    single: rows.filter(({ able }) => able === 1),
  };
}

function meanStrength({ cells, able }: Comparison): number {
  return cells.reduce((sum, tag) => sum + (tag ? strength(tag.score, tag.thresholds) : 0), 0) / able;
}
