/** How far tags move between a track and its deformed version. */

import type { Tag, Tags } from "../api";
import { strength } from "./levels";

export interface Move {
  tag: Tag;
  before: number;
  after: number;
  /** Strengths, 0 to 1. */
  from: number;
  to: number;
  kept: boolean;
}

export interface Movement {
  moves: Move[];
  /** Mean distance of the tags that are shown before or after, in strength. */
  distance: number;
  lost: string[];
  gained: string[];
}

/** The tags that are shown before or after, the farthest moved first. */
export function movement(before: Tags, after: Tags): Movement {
  const later = new Map(after.tags.map((tag) => [tag.tag, tag]));
  const moves = before.tags.flatMap((tag): (Move & { gained: boolean; lost: boolean })[] => {
    const other = later.get(tag.tag);
    if (!other || !(tag.shown || other.shown)) return [];
    return [
      {
        tag,
        before: tag.score,
        after: other.score,
        from: strength(tag.score, tag.thresholds),
        to: strength(other.score, other.thresholds),
        kept: tag.shown === other.shown,
        lost: tag.shown && !other.shown,
        gained: !tag.shown && other.shown,
      },
    ];
  });
  moves.sort((a, b) => Math.abs(b.to - b.from) - Math.abs(a.to - a.from));
  const total = moves.reduce((sum, { from, to }) => sum + Math.abs(to - from), 0);
  return {
    moves,
    distance: moves.length ? total / moves.length : 0,
    lost: moves.filter(({ lost }) => lost).map(({ tag }) => tag.title),
    gained: moves.filter(({ gained }) => gained).map(({ tag }) => tag.title),
  };
}
