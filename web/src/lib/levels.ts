/** From scores to the probability that a tag is right, and to levels. */

import type { Level, Tag, Tags, Thresholds } from "../api";

/** Least probability of each level, best first; those of the package's levels. */
const LEVELS: [Level, number][] = [
  ["sure", 0.9],
  ["likely", 0.7],
  ["maybe", 0.4],
];

const logit = (x: number) => Math.log(x / (1 - x));
const clip = (x: number) => Math.min(1 - 1e-6, Math.max(1e-6, x));

/**
 * Probability that a tag is right, from its score.
 *
 * A model's levels are a logistic function of the score's log odds, which two thresholds determine. A model without
 * levels has no such probability: null.
 */
export function probability(score: number, thresholds: Thresholds | null): number | null {
  if (!thresholds) return null;
  const low = logit(clip(thresholds.maybe));
  const high = logit(clip(thresholds.sure));
  if (!(high > low)) return score >= thresholds.sure ? 1 : 0;
  const slope = (logit(0.9) - logit(0.4)) / (high - low);
  return 1 / (1 + Math.exp(-(logit(0.4) + slope * (logit(clip(score)) - low))));
}

/** Level of a score, null below all levels or for a model without levels. */
export function levelOf(score: number, thresholds: Thresholds | null): Level | null {
  if (!thresholds) return null;
  return LEVELS.find(([level]) => score >= thresholds[level])?.[0] ?? null;
}

/**
 * Strength of a score on the colour scale, 0 to 1: the probability that the tag is right; without levels the square
 * root of the score, since most scores are low.
 */
export function strength(score: number, thresholds: Thresholds | null): number {
  return probability(score, thresholds) ?? Math.sqrt(Math.max(0, score));
}

/** Position of a time among the segments' centres: index of the segment before it, and the fraction to the next. */
export function locate(tags: Tags, time: number): [number, number] {
  const { times } = tags;
  const start = time - tags.segment_seconds / 2;
  let low = 0;
  let high = times.length - 1;
  if (start <= (times[0] ?? 0)) return [0, 0];
  if (start >= (times[high] ?? 0)) return [high, 0];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= start) low = middle;
    else high = middle;
  }
  const before = times[low] ?? 0;
  return [low, (start - before) / ((times[high] ?? 0) - before)];
}

/** Score of a tag at a time, linear between the centres of the segments. */
export function scoreAt(tag: Tag, [index, fraction]: [number, number]): number {
  const before = tag.over_time[index] ?? 0;
  return fraction ? before + fraction * ((tag.over_time[index + 1] ?? before) - before) : before;
}

/** Time at which a tag's score is highest. */
export function peakTime(tags: Tags, tag: Tag): number {
  const best = tag.over_time.reduce((top, score, i, scores) => (score > (scores[top] ?? 0) ? i : top), 0);
  return Math.min(tags.seconds, (tags.times[best] ?? 0) + tags.segment_seconds / 2);
}

/** Whether a tag belongs in the picture of a track: shown for the whole, or sure at some moment. */
export function isNotable(tag: Tag): boolean {
  return tag.shown || (tag.thresholds !== null && Math.max(...tag.over_time) >= tag.thresholds.sure);
}
