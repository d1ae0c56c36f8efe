import { describe, expect, it } from "vitest";
import type { Tag, Tags, Thresholds } from "../src/api";
import { levelOf, locate, peakTime, probability, scoreAt, strength } from "../src/lib/levels";

const thresholds: Thresholds = { maybe: 0.1, likely: 0.25, sure: 0.5 };

function tag(over_time: number[]): Tag {
  return {
    tag: "piano", title: "piano", category: "instrument", score: 0.2, probability: 0.6, level: "maybe", shown: true,
    over_time, thresholds,
  };
}

const tags: Tags = {
  model: "default", vocabulary: "taggram", times: [0, 1, 2, 2.5], segment_seconds: 4, hop: 1, seconds: 6.5,
  tags: [tag([0, 0.2, 0.4, 0.8])], headline: null, warnings: [],
};

describe("the probability that a tag is right", () => {
  it("is that of the level at each level's threshold", () => {
    expect(probability(0.1, thresholds)).toBeCloseTo(0.4);
    expect(probability(0.5, thresholds)).toBeCloseTo(0.9);
  });

  it("is logistic in the log odds of the score", () => {
    const logit = (x: number) => Math.log(x / (1 - x));
    const at = (x: number) => logit(probability(x, thresholds) ?? Number.NaN);
    const slope = (a: number, b: number) => (at(b) - at(a)) / (logit(b) - logit(a));
    expect(slope(0.02, 0.1)).toBeCloseTo(slope(0.3, 0.9));
  });

  it("is unknown without levels, where the colour follows the score", () => {
    expect(probability(0.3, null)).toBeNull();
    expect(levelOf(0.3, null)).toBeNull();
    expect(strength(0.25, null)).toBe(0.5);
  });

  it("stays in bounds at the ends", () => {
    for (const score of [0, 1]) expect(strength(score, thresholds)).toBeGreaterThanOrEqual(0);
    expect(strength(1, thresholds)).toBeLessThanOrEqual(1);
  });
});

describe("levels", () => {
  it("begin at their thresholds", () => {
    expect([0.09, 0.1, 0.25, 0.5].map((score) => levelOf(score, thresholds))).toEqual([null, "maybe", "likely", "sure"]);
  });
});

describe("a score at a time", () => {
  const at = (time: number) => scoreAt(tag([0, 0.2, 0.4, 0.8]), locate(tags, time));

  it("is that of a segment at the segment's centre", () => {
    expect(at(3)).toBeCloseTo(0.2);
    expect(at(4.5)).toBeCloseTo(0.8);
  });

  it("is linear between the centres, evenly spaced or not", () => {
    expect(at(2.5)).toBeCloseTo(0.1);
    expect(at(4.25)).toBeCloseTo(0.6);
  });

  it("is constant before the first centre and after the last", () => {
    expect(at(0)).toBe(0);
    expect(at(6.5)).toBe(0.8);
  });

  it("is highest at the peak", () => {
    expect(peakTime(tags, tag([0, 0.2, 0.9, 0.8]))).toBe(4);
  });
});
