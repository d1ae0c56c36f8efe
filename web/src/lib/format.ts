/** Times and numbers as text. */

/** Time as 0:05, 3:20 or 1:02:03; with `decimals`, as 0:05.3. */
export function formatTime(seconds: number, decimals = 0): string {
  const scale = 10 ** decimals;
  const total = Math.floor(Math.max(0, seconds) * scale + 1e-6) / scale;
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const rest = (total % 60).toFixed(decimals).padStart(decimals ? 3 + decimals : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** Time in words, for screen readers. */
export function spokenTime(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = `${Math.floor(seconds % 60)} seconds`;
  return minutes ? `${minutes} ${minutes === 1 ? "minute" : "minutes"} ${rest}` : rest;
}

export function formatScore(score: number): string {
  return score.toFixed(2);
}

/** Frequency as 500 or 2k. */
export function formatHertz(hertz: number): string {
  return hertz >= 1000 ? `${hertz / 1000}k` : String(hertz);
}

/** Number in at most three significant digits, with a true minus sign. */
export function formatValue(value: number): string {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

/** A chain of deformations, such as low_pass=4000,mp3=64, for people. */
export function formatChain(chain: string): string {
  return chain.replaceAll(/[_=]/g, " ").replaceAll(",", ", ");
}

export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A time step of the axis that leaves `pixels` between two marks. */
export function axisStep(seconds: number, width: number, pixels: number): number {
  const least = (seconds / Math.max(1, width)) * pixels;
  const steps = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
  return steps.find((step) => step >= least) ?? 7200;
}
