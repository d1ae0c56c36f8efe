import { expect, it } from "vitest";
import type { Tag, Tags } from "../src/api";
import { compare } from "../src/lib/agreement";
import { movement } from "../src/lib/movement";

function tags(model: string, scores: Record<string, [number, boolean]>): Tags {
  const entries = Object.entries(scores).map(([name, [score, shown]]): Tag => ({
    tag: name, title: name, category: "genre", score, probability: null, level: null, shown, over_time: [score],
    thresholds: null,
  }));
  return {
    model, vocabulary: "taggram", times: [0], segment_seconds: 3, hop: 3, seconds: 3, tags: entries, headline: null,
    warnings: [],
  };
}

const names = (rows: { tag: Tag }[]) => rows.map(({ tag }) => tag.tag);

it("separates what models agree on, dispute, and know alone", () => {
  const { agreed, disputed, single } = compare([
    tags("a", { rock: [0.25, true], jazz: [0.81, true], funk: [0.5, true], noise: [0.01, false] }),
    tags("b", { rock: [0.25, true], jazz: [0.04, false], noise: [0.01, false] }),
    tags("c", { rock: [0.36, true], jazz: [0.04, true] }),
  ]);
  expect(names(agreed)).toEqual(["rock"]);
  expect(names(disputed)).toEqual(["jazz"]);
  expect(names(single)).toEqual(["funk"]);
  expect(disputed[0]).toMatchObject({ shown: 2, able: 3 });
  expect(single[0]?.cells.map((cell) => cell?.tag ?? null)).toEqual(["funk", null, null]);
});

it("measures how far tags move", () => {
  const before = tags("a", { rock: [0.25, true], jazz: [0.25, true], funk: [0.01, false], noise: [0, false] });
  const after = tags("a", { rock: [0.25, true], jazz: [0.01, false], funk: [0.36, true], noise: [0, false] });
  const { moves, distance, lost, gained } = movement(before, after);
  expect(moves.map(({ tag }) => tag.tag)).toEqual(["funk", "jazz", "rock"]);
  expect(distance).toBeCloseTo((0.5 + 0.4 + 0) / 3);
  expect(lost).toEqual(["jazz"]);
  expect(gained).toEqual(["funk"]);
});
