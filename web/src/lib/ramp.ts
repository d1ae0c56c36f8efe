/** The colour maps: hand-made ramps in OKLCH whose lightness is linear in the value, so that equal steps look equal. */

interface Ramp {
  /** Lightness and hue at both ends. */
  lightness: [number, number];
  hue: [number, number];
  /** Chroma at the start, in the middle and at the end: as much as sRGB has at these lightnesses, or less. */
  chroma: [number, number, number];
}

export type RampName = "tags" | "spectrum";

// Both start at the colour of the page's surface, so that nothing is drawn where nothing is there.
const RAMPS: Record<"light" | "dark", Record<RampName, Ramp>> = {
  light: {
    tags: { lightness: [0.975, 0.34], hue: [240, 264], chroma: [0.005, 0.1, 0.14] },
    spectrum: { lightness: [0.975, 0.32], hue: [250, 260], chroma: [0.003, 0.02, 0.02] },
  },
  dark: {
    tags: { lightness: [0.225, 0.87], hue: [264, 244], chroma: [0.015, 0.125, 0.075] },
    spectrum: { lightness: [0.225, 0.84], hue: [255, 250], chroma: [0.01, 0.02, 0.01] },
  },
};

export type Colours = Uint8ClampedArray;

/** 256 colours of a ramp as RGBA. */
export function colours(name: RampName, dark: boolean): Colours {
  const ramp = RAMPS[dark ? "dark" : "light"][name];
  const table = new Uint8ClampedArray(256 * 4);
  for (let i = 0; i < 256; i++) {
    const x = i / 255;
    const mix = ([from, to]: [number, number]) => from + (to - from) * x;
    const [start, middle, end] = ramp.chroma;
    const chroma = start * (1 - x) * (1 - 2 * x) + middle * 4 * x * (1 - x) + end * x * (2 * x - 1); // a parabola
    table.set([...fromOklch(mix(ramp.lightness), chroma, mix(ramp.hue)), 255], i * 4);
  }
  return table;
}

/** sRGB, 0 to 255, of an OKLCH colour (Ottosson 2020, bottosson.github.io/posts/oklab). */
export function fromOklch(lightness: number, chroma: number, degrees: number): [number, number, number] {
  const a = chroma * Math.cos((degrees * Math.PI) / 180);
  const b = chroma * Math.sin((degrees * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encode(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

function encode(linear: number): number {
  const value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.min(1, Math.max(0, value)));
}

/** CSS colour of a value, 0 to 1. */
export function cssColour(table: Colours, value: number): string {
  const i = Math.round(255 * Math.min(1, Math.max(0, value))) * 4;
  return `rgb(${table[i]} ${table[i + 1]} ${table[i + 2]})`;
}
