import { expect, it } from "vitest";
import { type Address, formatAddress, parseAddress } from "../src/lib/address";

const EMPTY: Address = {
  track: null, model: null, models: [], view: "taggram", time: 0, moment: false, allTags: false,
  ownVocabularies: false, loop: null, place: "music", words: "", least: "likely", like: null,
};

it("is empty for what is shown first", () => {
  expect(formatAddress(EMPTY)).toBe("");
  expect(parseAddress("")).toEqual(EMPTY);
});

it("comes back as it was", () => {
  const address: Address = {
    track: "0123456789abcdef", model: "musicnn_pons.mtat-pons2019", models: ["default", "vgg_pons.msd-pons2019"],
    view: "stress", time: 12.34, moment: true, allTags: true, ownVocabularies: true, loop: [1.5, 20],
    place: "library", words: 'calm "female voice" -rock&roll', least: "", like: 12,
  };
  expect(parseAddress(formatAddress(address))).toEqual(address);
  expect(formatAddress(address)).not.toMatch(/=(&|$)/);
});

it("ignores what it does not understand", () => {
  expect(parseAddress("#view=nonsense&t=soon&loop=5-2&t=-1&least=much&like=-3")).toEqual(EMPTY);
});
