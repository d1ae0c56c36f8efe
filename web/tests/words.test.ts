import { expect, it } from "vitest";
import { hasTag, replaceWord, toggleTag } from "../src/lib/words";

it("adds a tag and takes it out again", () => {
  expect(toggleTag("", "jazz")).toBe("jazz");
  expect(toggleTag("calm piano", "female voice")).toBe('calm piano "female voice"');
  expect(toggleTag('calm "Female Voice" piano', "female voice")).toBe("calm piano");
});

it("finds a tag in any case, and no unwanted one", () => {
  expect(hasTag('Jazz -"no vocals"', "jazz")).toBe(true);
  expect(hasTag('Jazz -"no vocals"', "no vocals")).toBe(false);
  expect(hasTag('artist:"miles davis"', "miles davis")).toBe(false);
});

it("replaces a word that is not understood", () => {
  expect(replaceWord("calm foxtro -pianoo", "foxtro", "fox trot")).toBe('calm "fox trot" -pianoo');
  expect(replaceWord("calm -pianoo", "pianoo", "piano")).toBe("calm -piano");
});
