import { expect, it } from "vitest";
import { toCsv } from "../src/lib/download";
import { axisStep, formatChain, formatTime, formatValue } from "../src/lib/format";
import { colours } from "../src/lib/ramp";

it("writes times", () => {
  expect([0, 59.99, 60, 3661.5].map((time) => formatTime(time))).toEqual(["0:00", "0:59", "1:00", "1:01:01"]);
  expect([0, 5.25, 59.999, 61.3].map((time) => formatTime(time, 1))).toEqual(["0:00.0", "0:05.2", "0:59.9", "1:01.3"]);
});

it("writes values and chains", () => {
  expect([-12, 0.2, 4000, 1.23456].map(formatValue)).toEqual(["−12", "0.2", "4000", "1.23"]);
  expect(formatChain("low_pass=4000,mp3=64")).toBe("low pass 4000, mp3 64");
});

it("leaves room between the marks of the axis", () => {
  expect(axisStep(30, 900, 72)).toBe(5);
  expect(axisStep(10800, 250, 72)).toBe(3600);
});

it("quotes what CSV needs quoted", () => {
  const row = { title: "", category: "genre", score: 0, probability: null, level: null, shown: true, thresholds: null };
  const csv = toCsv({
    model: "default", vocabulary: "own", times: [0, 2], segment_seconds: 4, hop: 2, seconds: 5, headline: null,
    warnings: [], tags: [{ ...row, tag: 'drum, "bass"', over_time: [0.5, 0.25] }],
  });
  expect(csv).toBe('start,end,"drum, ""bass"""\r\n0.000,4.000,0.5\r\n2.000,5.000,0.25\r\n');
});

it("has maps whose lightness rises or falls evenly", () => {
  const luminance = (rgb: number[]) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return Math.cbrt(0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0));
  };
  for (const name of ["tags", "spectrum"] as const) {
    for (const dark of [false, true]) {
      const table = colours(name, dark);
      const values = Array.from({ length: 16 }, (_, i) => luminance([...table.subarray(i * 17 * 4, i * 17 * 4 + 3)]));
      const steps = values.slice(1).map((value, i) => (value - (values[i] ?? 0)) * (dark ? 1 : -1));
      const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
      for (const step of steps) expect(Math.abs(step / mean - 1)).toBeLessThan(0.5);
    }
  }
});
